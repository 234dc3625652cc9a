/**
 * Waits until the process rests: warm-ups leave compilations behind, which V8 carries out on threads of its own. Begun
 * among them, a trial had up to 20 ms of others on its cores at once.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** More than the kernel's tick, at which it accounts for threads that run. */
const LOOK_MS = 10;
/** Less CPU than this between two looks is rest: a look itself takes some of it. */
const REST_US = 500;
const LIMIT_MS = 500;

/**
 * Resolves when it does, or after half a second: a runtime whose threads spin while they wait never rests.
 * `usedUs` answers the CPU time of the whole process so far.
 */
export async function settle(usedUs: () => number = processUs): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += LOOK_MS) {
    const beforeUs = usedUs();
    await sleep(LOOK_MS);
    if (usedUs() - beforeUs < REST_US) return;
  }
}

function processUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
