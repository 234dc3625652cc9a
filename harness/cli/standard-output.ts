/** Standard output: of isoload alone, and whether all of it was written. */

export interface StandardOutput {
  readonly write: (text: string) => void;
  /** Once everything has been taken or refused: why it could not be written, or null. */
  readonly settled: () => Promise<NodeJS.ErrnoException | null>;
}

/**
 * Called before any plan or runtime module runs: what those print, by console.log or otherwise, goes to standard
 * error from then on, so that a document stays one.
 */
export function claimStandardOutput(): StandardOutput {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  Object.defineProperty(stdout, "write", { value: stderr.write.bind(stderr) });
  let failure: NodeJS.ErrnoException | null = null;
  const keep = (error: NodeJS.ErrnoException | null | undefined): void => {
    failure ??= error ?? null;
  };
  // The first failure tells the cause; what is written after it only that the stream is closed.
  stdout.on("error", keep);
  return {
    write: (text) => write(text, "utf8", keep),
    settled: () =>
      new Promise((resolve) => {
        write("", "utf8", (error) => {
          keep(error);
          resolve(failure);
        });
      }),
  };
}
