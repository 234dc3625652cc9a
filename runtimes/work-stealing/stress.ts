/**
 * `npm run stress`: the scheduler's core under load, every task counted.
 *
 * No interpreter, no records: what it exercises are the queues, parking and waking, and the stop.
 */
import { stressCommand } from "./stress-command.ts";

process.exitCode = await stressCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  coreModule: new URL("./core.js", import.meta.url).href,
  stallLimitMs: 10e3,
});
