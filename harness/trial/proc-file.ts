/** A file of /proc or of a cgroup, opened once and read anew as often as it is asked: it costs one system call. */
import { openSync, readSync } from "node:fs";

const SPACE = 32;
const ZERO = 48;
const NINE = 57;

export class ProcFile {
  readonly #descriptor: number;
  readonly #bytes: Buffer;
  #length = 0;

  private constructor(descriptor: number, limitBytes: number) {
    this.#descriptor = descriptor;
    this.#bytes = Buffer.allocUnsafe(limitBytes);
  }

  /** null where there is no such file. Never closed: it is read until the process ends. */
  static open(path: string, limitBytes: number): ProcFile | null {
    try {
      return new ProcFile(openSync(path, "r"), limitBytes);
    } catch {
      return null;
    }
  }

  /** Reads its first `limitBytes`; false: what it told of is gone. */
  read(): boolean {
    try {
      this.#length = readSync(this.#descriptor, this.#bytes, 0, this.#bytes.length, 0);
    } catch {
      this.#length = 0;
    }
    return this.#length > 0;
  }

  /** What was read last. */
  text(): string {
    return this.#bytes.toString("latin1", 0, this.#length);
  }

  /** The sum of the first `count` numbers, which single spaces part, of what was read last. Leaves no garbage. */
  sumOfNumbers(count: number): number {
    let sum = 0;
    let number = 0;
    let seen = 0;
    for (let at = 0; at < this.#length && seen < count; at++) {
      const byte = this.#bytes[at] as number;
      if (byte >= ZERO && byte <= NINE) number = number * 10 + byte - ZERO;
      else if (byte === SPACE) {
        sum += number;
        number = 0;
        seen++;
      } else break;
    }
    return sum;
  }
}
