/** Work that cannot be stopped, waited for until somebody asks to stop. */
import type { Abort } from "../trial/abort.ts";

/**
 * What comes of `work`, or the signal's reason as soon as it is aborted: `work` then goes on, and nobody waits for it.
 * For what has nothing to tidy up, like loading a module.
 */
export async function unlessAborted<Value>(work: Promise<Value>, signal: Abort): Promise<Value> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
