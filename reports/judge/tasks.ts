/** The task rows: each task done once, with the reference's result, in time's order, and not too fast. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  NO_DUE,
  NONE,
  TASK_AFTER,
  TASK_DUE,
  TASK_F64,
  TASK_PARENT,
  TASK_PROGRAM,
  TASK_THINK,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import {
  CHECKSUM,
  FINISH,
  FIRST_POLL,
  HELD,
  POLL_COUNT,
  RESUME_WAIT,
  STARTS,
  STATE,
  SUBMITTED,
  TASK_BYTES,
  TASK_DOUBLES,
  TASK_WORDS,
} from "../rows.ts";
import type { Nominal } from "./nominal.ts";
import { Offences } from "./offences.ts";
import {
  BLOCK_SHORTFALL_NS,
  LEAST_UNIT_NS,
  OTHER_CLOCK_NS,
  SAME_CLOCK_NS,
  SLEEP_SHORTFALL_NS,
} from "./tolerance.ts";

interface Rows {
  readonly trace: Trace;
  readonly records: Records;
  readonly nominal: Nominal;
  /** By task id. */
  readonly expected: Uint32Array;
}

/** One sentence for each rule that a task row breaks. */
export function brokenTasks(rows: Rows): string[] {
  const offences = new Offences();
  const { taskU8 } = rows.records;
  for (let task = 0; task < rows.trace.taskCount; task++) {
    const starts = taskU8[task * TASK_BYTES + STARTS] as number;
    const state = taskU8[task * TASK_BYTES + STATE] as number;
    if (starts > 1) offences.add("repeated", () => `task ${task} was started ${starts} times`);
    if (state === taskStates.done) {
      if (starts === 0) offences.add("never started", () => `task ${task} is done and was never started`);
      checkResult(rows, task, offences);
      checkLength(rows, task, offences);
    }
    if (starts > 0 || state === taskStates.done) {
      checkOrder(rows, task, offences);
      checkRelease(rows, task, offences);
    }
  }
  return offences.sentences();
}

function checkResult({ records, expected }: Rows, task: number, offences: Offences): void {
  const checksum = records.taskU32[task * TASK_WORDS + CHECKSUM] as number;
  if (checksum !== expected[task]) {
    offences.add(
      "checksum",
      () => `task ${task} has the checksum ${checksum} and the reference says ${expected[task]}`,
    );
  }
}

/** Stamps are compared so that NaN breaks the rule. */
function checkOrder({ records }: Rows, task: number, offences: Offences): void {
  const row = task * TASK_DOUBLES;
  const submittedNs = records.taskF64[row + SUBMITTED] as number;
  const firstPollNs = records.taskF64[row + FIRST_POLL] as number;
  if (!(firstPollNs >= submittedNs)) {
    offences.add(
      "polled early",
      () => `task ${task} was first polled at ${firstPollNs} ns and submitted at ${submittedNs} ns`,
    );
  }
  if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) return;
  const finishNs = records.taskF64[row + FINISH] as number;
  if (!(finishNs >= firstPollNs && finishNs < Number.POSITIVE_INFINITY)) {
    offences.add(
      "finished early",
      () => `task ${task} finished at ${finishNs} ns and was first polled at ${firstPollNs} ns`,
    );
  }
  const resumeWaitNs = records.taskF64[row + RESUME_WAIT] as number;
  if (!(resumeWaitNs >= 0 && resumeWaitNs < Number.POSITIVE_INFINITY)) {
    offences.add("resume wait", () => `task ${task} has a resume wait of ${resumeWaitNs} ns`);
  }
  if (records.taskU32[task * TASK_WORDS + POLL_COUNT] === 0) {
    offences.add("never polled", () => `task ${task} is done and was never polled`);
  }
}

/** A done task cannot have taken less than its ops, nor less than it held workers and slept. */
function checkLength({ trace, records, nominal }: Rows, task: number, offences: Offences): void {
  const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
  const blockNs = nominal.blockNs[program] as number;
  const sleepNs = nominal.sleepNs[program] as number;
  const row = task * TASK_DOUBLES;
  const heldNs = records.taskF64[row + HELD] as number;
  const blockShortfallNs = (nominal.blockCount[program] as number) * BLOCK_SHORTFALL_NS;
  if (!(heldNs >= blockNs - blockShortfallNs)) {
    offences.add(
      "held too short",
      () => `task ${task} held a worker for ${heldNs} ns and its blocks take ${blockNs} ns`,
    );
  }
  const cpuUnits = nominal.cpuUnits[program] as number;
  if (!(heldNs >= blockNs - blockShortfallNs + cpuUnits * LEAST_UNIT_NS)) {
    offences.add(
      "computed too fast",
      () =>
        `task ${task} held a worker for ${heldNs} ns, and no processor does its ${cpuUnits} units in that`,
    );
  }
  const serviceNs = (records.taskF64[row + FINISH] as number) - (records.taskF64[row + FIRST_POLL] as number);
  const sleepShortfallNs = (nominal.sleepCount[program] as number) * SLEEP_SHORTFALL_NS;
  if (!(serviceNs >= heldNs + sleepNs - sleepShortfallNs - OTHER_CLOCK_NS)) {
    offences.add(
      "served too short",
      () =>
        `task ${task} took ${serviceNs} ns from first poll to finish, held workers for ${heldNs} ns of that and sleeps for ${sleepNs} ns`,
    );
  }
  const shortfallNs = blockShortfallNs + (nominal.sleepCount[program] as number) * SLEEP_SHORTFALL_NS;
  if (!(serviceNs >= blockNs + sleepNs - shortfallNs)) {
    offences.add(
      "finished too soon",
      () =>
        `task ${task} took ${serviceNs} ns from first poll to finish and its blocks and sleeps take ${blockNs + sleepNs} ns`,
    );
  }
}

/** A task starts after it is due, after its predecessor and its think time, and after its parent's first poll. */
function checkRelease({ trace, records }: Rows, task: number, offences: Offences): void {
  const dueNs = trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
  const submittedNs = records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number;
  if (dueNs !== NO_DUE && !(submittedNs >= dueNs - SAME_CLOCK_NS)) {
    offences.add("not due", () => `task ${task} was submitted at ${submittedNs} ns and due at ${dueNs} ns`);
  }
  const after = trace.taskU32[task * TASK_U32 + TASK_AFTER] as number;
  if (after !== NONE) {
    const thinkNs = trace.taskF64[task * TASK_F64 + TASK_THINK] as number;
    const isEnded = records.taskU8[after * TASK_BYTES + STATE] === taskStates.done;
    const eligibleNs = (records.taskF64[after * TASK_DOUBLES + FINISH] as number) + thinkNs;
    // A task that is due by itself is handed over then and waits for its predecessor inside the runtime.
    const field = dueNs === NO_DUE ? SUBMITTED : FIRST_POLL;
    const atNs = records.taskF64[task * TASK_DOUBLES + field] as number;
    const toleranceNs = thinkNs > 0 ? SLEEP_SHORTFALL_NS : OTHER_CLOCK_NS;
    if (!(isEnded && atNs >= eligibleNs - toleranceNs)) {
      offences.add(
        "overtook",
        () =>
          `task ${task} went on at ${atNs} ns and follows task ${after}, which ${isEnded ? `let it at ${eligibleNs} ns` : "never ended"}`,
      );
    }
  }
  const parent = trace.taskU32[task * TASK_U32 + TASK_PARENT] as number;
  if (parent === NONE) return;
  const isStarted = (records.taskU8[parent * TASK_BYTES + STARTS] as number) > 0;
  const parentNs = records.taskF64[parent * TASK_DOUBLES + FIRST_POLL] as number;
  if (!(isStarted && submittedNs >= parentNs - OTHER_CLOCK_NS)) {
    offences.add(
      "before its parent",
      () => `task ${task} was submitted at ${submittedNs} ns, before its parent ${parent} was polled`,
    );
  }
}
