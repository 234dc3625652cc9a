/**
 * A trace: a workload made concrete from a seed, encoded once as bytes. Every runtime executes these bytes.
 *
 * Layout, little-endian: header · classes · programs · ops · tasks, each a run of fixed-size rows.
 * Every task stands in it, children too, with pre-assigned ids. Tasks with a due time come first, in the
 * order of their due times (ties: the order of the composition), so the releaser walks ids upwards.
 */
import { createHash } from "node:crypto";
import { fold } from "./kernel.ts";
import { type Layout, layout, strideIn } from "./layout.ts";
import { opNameOf } from "./op.ts";

/** "ISOTRACE" as two little-endian words. */
const MAGIC_LOW = 0x544f5349;
const MAGIC_HIGH = 0x45434152;
export const TRACE_VERSION = 1;

/** Stands for "no such task, session or parent" in a u32 field. */
export const NONE = 0xffffffff;
/** Stands for "no due time" in a task's `dueNs`. */
export const NO_DUE = -1;
/** Stands for "a seeded random instant in every period" in the header's `canaryPhaseNs`. */
export const RANDOM_PHASE = -1;

export const headerRow: Layout<
  | "magicLow"
  | "magicHigh"
  | "version"
  | "classCount"
  | "programCount"
  | "opCount"
  | "taskCount"
  | "rootCount"
  | "sessionCount"
  | "connectionCount"
  | "measuredClass"
  | "reserved"
  | "seed"
  | "canaryPeriodNs"
  | "canaryPhaseNs"
  | "windowNs"
  | "drainNs"
> = layout("Header", {
  magicLow: "u32",
  magicHigh: "u32",
  version: "u32",
  classCount: "u32",
  programCount: "u32",
  opCount: "u32",
  taskCount: "u32",
  rootCount: "u32",
  sessionCount: "u32",
  connectionCount: "u32",
  measuredClass: "u32",
  reserved: "u32",
  seed: "f64",
  canaryPeriodNs: "f64",
  canaryPhaseNs: "f64",
  windowNs: "f64",
  drainNs: "f64",
});

export const classRow: Layout<"name" | "deadlineNs" | "loop" | "reserved"> = layout("Class", {
  name: "name",
  deadlineNs: "f64",
  loop: "u32",
  reserved: "u32",
});

export const programRow: Layout<"firstOp" | "opCount"> = layout("Program", {
  firstOp: "u32",
  opCount: "u32",
});

export const opRow: Layout<"code" | "variant" | "a" | "b" | "target" | "count"> = layout("Op", {
  code: "u32",
  variant: "u32",
  a: "f64",
  b: "f64",
  target: "u32",
  count: "u32",
});

export const taskRow: Layout<
  "dueNs" | "thinkNs" | "after" | "parent" | "program" | "session" | "seed" | "class"
> = layout("Task", {
  dueNs: "f64",
  thinkNs: "f64",
  after: "u32",
  parent: "u32",
  program: "u32",
  session: "u32",
  seed: "u32",
  class: "u32",
});

/** `open`: released by the schedule. `closed`: released by a predecessor or a parent; percentiles kept apart. */
export type Loop = "open" | "closed";

export interface TraceClass {
  readonly name: string;
  readonly loop: Loop;
  /** A task not done this long after its arrival counts as unserved; Infinity where the workload has no deadline. */
  readonly deadlineNs: number;
}

/** The decoded view of a trace's bytes. Row fields are read through `task`, `program` and `op` views. */
export interface Trace {
  readonly bytes: Uint8Array;
  readonly seed: number;
  readonly taskCount: number;
  /** Tasks with a due time: ids below this. */
  readonly rootCount: number;
  readonly programCount: number;
  readonly opCount: number;
  readonly sessionCount: number;
  /** Connections to the peer that a runtime opens in all; 0: the trace needs no peer. */
  readonly connectionCount: number;
  /** Index of the class whose percentiles are the trial's headline. */
  readonly measuredClass: number;
  readonly classes: readonly TraceClass[];
  /** 0: no canaries. */
  readonly canaryPeriodNs: number;
  readonly canaryPhaseNs: number;
  /** Length of the measured window; 0: the trial ends when the last task is done. */
  readonly windowNs: number;
  /** The cut-off is windowNs + drainNs after the epoch. */
  readonly drainNs: number;
  /** Views of the rows; index with the strides and field indices below. */
  readonly taskF64: Float64Array;
  readonly taskU32: Uint32Array;
  readonly programU32: Uint32Array;
  readonly opF64: Float64Array;
  readonly opU32: Uint32Array;
}

/** Strides and field indices of the views, as module constants so that hot loops see literals. */
export const TASK_F64: number = strideIn(taskRow, "f64");
export const TASK_U32: number = strideIn(taskRow, "u32");
export const TASK_DUE: number = taskRow.index.dueNs;
export const TASK_THINK: number = taskRow.index.thinkNs;
export const TASK_AFTER: number = taskRow.index.after;
export const TASK_PARENT: number = taskRow.index.parent;
export const TASK_PROGRAM: number = taskRow.index.program;
export const TASK_SESSION: number = taskRow.index.session;
export const TASK_SEED: number = taskRow.index.seed;
export const TASK_CLASS: number = taskRow.index.class;
export const PROGRAM_U32: number = strideIn(programRow, "u32");
export const PROGRAM_FIRST_OP: number = programRow.index.firstOp;
export const PROGRAM_OP_COUNT: number = programRow.index.opCount;
export const OP_F64: number = strideIn(opRow, "f64");
export const OP_U32: number = strideIn(opRow, "u32");
export const OP_CODE: number = opRow.index.code;
export const OP_VARIANT: number = opRow.index.variant;
export const OP_A: number = opRow.index.a;
export const OP_B: number = opRow.index.b;
export const OP_TARGET: number = opRow.index.target;
export const OP_COUNT: number = opRow.index.count;

/** What is fixed when a trace is encoded; the rows are filled in by the caller. */
export interface TraceShape {
  readonly seed: number;
  readonly classes: readonly TraceClass[];
  readonly programCount: number;
  readonly opCount: number;
  readonly taskCount: number;
  readonly rootCount: number;
  readonly sessionCount: number;
  readonly connectionCount: number;
  readonly measuredClass: number;
  readonly canaryPeriodNs: number;
  readonly canaryPhaseNs: number;
  readonly windowNs: number;
  readonly drainNs: number;
}

/** Allocates a trace of this shape with header and classes written and every other row zero. */
export function allocateTrace(shape: TraceShape): Trace {
  const sections = sectionsOf(shape.classes.length, shape.programCount, shape.opCount, shape.taskCount);
  const bytes = new Uint8Array(sections.endBytes);
  const words = new Uint32Array(bytes.buffer, 0, strideIn(headerRow, "u32"));
  const doubles = new Float64Array(bytes.buffer, 0, strideIn(headerRow, "f64"));
  const at = headerRow.index;
  words[at.magicLow] = MAGIC_LOW;
  words[at.magicHigh] = MAGIC_HIGH;
  words[at.version] = TRACE_VERSION;
  words[at.classCount] = shape.classes.length;
  words[at.programCount] = shape.programCount;
  words[at.opCount] = shape.opCount;
  words[at.taskCount] = shape.taskCount;
  words[at.rootCount] = shape.rootCount;
  words[at.sessionCount] = shape.sessionCount;
  words[at.connectionCount] = shape.connectionCount;
  words[at.measuredClass] = shape.measuredClass;
  doubles[at.seed] = shape.seed;
  doubles[at.canaryPeriodNs] = shape.canaryPeriodNs;
  doubles[at.canaryPhaseNs] = shape.canaryPhaseNs;
  doubles[at.windowNs] = shape.windowNs;
  doubles[at.drainNs] = shape.drainNs;
  shape.classes.forEach((taskClass, index) => {
    const start = sections.classesAt + index * classRow.strideBytes;
    new TextEncoder().encodeInto(taskClass.name, bytes.subarray(start, start + 32));
    const row = new DataView(bytes.buffer, start, classRow.strideBytes);
    row.setFloat64(classRow.offsetBytes.deadlineNs, taskClass.deadlineNs, true);
    row.setUint32(classRow.offsetBytes.loop, taskClass.loop === "closed" ? 1 : 0, true);
  });
  return { ...shape, bytes, ...viewsOf(bytes, sections, shape) };
}

/** Reads a trace, or says in one sentence what is wrong with the bytes. They must start 8-byte aligned. */
export function decodeTrace(bytes: Uint8Array): { trace: Trace } | { damage: string } {
  if (bytes.byteLength < headerRow.strideBytes) {
    return {
      damage: `a trace starts with ${headerRow.strideBytes} bytes of header; these are ${bytes.byteLength}`,
    };
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, strideIn(headerRow, "u32"));
  const doubles = new Float64Array(bytes.buffer, bytes.byteOffset, strideIn(headerRow, "f64"));
  const word = (field: keyof typeof headerRow.index): number => words[headerRow.index[field]] as number;
  const double = (field: keyof typeof headerRow.index): number => doubles[headerRow.index[field]] as number;
  if (word("magicLow") !== MAGIC_LOW || word("magicHigh") !== MAGIC_HIGH) {
    return { damage: "these bytes are no isoload trace: the first eight must read ISOTRACE" };
  }
  if (word("version") !== TRACE_VERSION) {
    return { damage: `trace version ${word("version")}; this isoload reads version ${TRACE_VERSION}` };
  }
  const counts = {
    programCount: word("programCount"),
    opCount: word("opCount"),
    taskCount: word("taskCount"),
  };
  const sections = sectionsOf(word("classCount"), counts.programCount, counts.opCount, counts.taskCount);
  if (sections.endBytes !== bytes.byteLength) {
    return { damage: `the header promises ${sections.endBytes} bytes; these are ${bytes.byteLength}` };
  }
  const trace: Trace = {
    bytes,
    seed: double("seed"),
    ...counts,
    rootCount: word("rootCount"),
    sessionCount: word("sessionCount"),
    connectionCount: word("connectionCount"),
    measuredClass: word("measuredClass"),
    classes: readClasses(bytes, sections.classesAt, word("classCount")),
    canaryPeriodNs: double("canaryPeriodNs"),
    canaryPhaseNs: double("canaryPhaseNs"),
    windowNs: double("windowNs"),
    drainNs: double("drainNs"),
    ...viewsOf(bytes, sections, counts),
  };
  const damage = brokenReference(trace);
  return damage === null ? { trace } : { damage };
}

/** The trace's name: SHA-256 of its bytes, in hex. */
export function hashOf(trace: Trace): string {
  return createHash("sha256").update(trace.bytes).digest("hex");
}

/**
 * For each task, the one released by its end, or NONE. Shared memory, so that all workers can read it.
 * A task has at most one successor; `decodeTrace` refuses anything else.
 */
export function successorsOf(trace: Trace): Uint32Array {
  const successors = new Uint32Array(new SharedArrayBuffer(4 * Math.max(1, trace.taskCount)));
  successors.fill(NONE);
  for (let task = 0; task < trace.taskCount; task++) {
    const after = trace.taskU32[task * TASK_U32 + TASK_AFTER] as number;
    if (after !== NONE) successors[after] = task;
  }
  return successors;
}

/** What decides when canaries are due. */
export type CanaryPhases = Pick<Trace, "seed" | "canaryPeriodNs" | "canaryPhaseNs">;

/** When canary `index` is due: one in every period, at a seeded random instant unless the phase is fixed. */
export function canaryDueNs(trace: CanaryPhases, index: number): number {
  return instantIn(trace, { index, periodNs: trace.canaryPeriodNs, kind: INJECTED });
}

/**
 * Timer canaries are this many times rarer than injected ones: each wakes a worker that rests, so they add a tenth
 * to what the injected ones cost, and a second still has a hundred of them.
 */
export const PERIODS_A_TIMER = 10;

/** One timer canary in every such period; 0: none. */
export function timerPeriodNs({ canaryPeriodNs }: Pick<Trace, "canaryPeriodNs">): number {
  return PERIODS_A_TIMER * canaryPeriodNs;
}

/** When timer canary `index` is due, by the same rule. */
export function timerDueNs(trace: Trace, index: number): number {
  return instantIn(trace, { index, periodNs: timerPeriodNs(trace), kind: TIMER });
}

/** What the draws of each kind begin with, so that they are independent: "CANA", "TIME". */
const INJECTED = 0x43414e41;
const TIMER = 0x54494d45;

function instantIn(
  { seed, canaryPhaseNs }: CanaryPhases,
  { index, periodNs, kind }: { index: number; periodNs: number; kind: number },
): number {
  if (canaryPhaseNs >= 0) return index * periodNs + canaryPhaseNs;
  const draw = fold(fold(fold(kind, seed >>> 0), index), 0x52590000) / 2 ** 32;
  return index * periodNs + draw * periodNs;
}

/** The seed of the op at program counter `pc` of a task: what its CPU work or its payload starts from. */
export function opSeed(taskSeed: number, pc: number): number {
  return fold(taskSeed, pc);
}

interface Sections {
  readonly classesAt: number;
  readonly programsAt: number;
  readonly opsAt: number;
  readonly tasksAt: number;
  readonly endBytes: number;
}

function sectionsOf(classCount: number, programCount: number, opCount: number, taskCount: number): Sections {
  const classesAt = headerRow.strideBytes;
  const programsAt = classesAt + classCount * classRow.strideBytes;
  const opsAt = programsAt + programCount * programRow.strideBytes;
  const tasksAt = opsAt + opCount * opRow.strideBytes;
  return { classesAt, programsAt, opsAt, tasksAt, endBytes: tasksAt + taskCount * taskRow.strideBytes };
}

function viewsOf(
  bytes: Uint8Array,
  sections: Sections,
  counts: { programCount: number; opCount: number; taskCount: number },
): Pick<Trace, "taskF64" | "taskU32" | "programU32" | "opF64" | "opU32"> {
  const { buffer, byteOffset } = bytes;
  const at = (offset: number): number => byteOffset + offset;
  return {
    taskF64: new Float64Array(buffer, at(sections.tasksAt), counts.taskCount * TASK_F64),
    taskU32: new Uint32Array(buffer, at(sections.tasksAt), counts.taskCount * TASK_U32),
    programU32: new Uint32Array(buffer, at(sections.programsAt), counts.programCount * PROGRAM_U32),
    opF64: new Float64Array(buffer, at(sections.opsAt), counts.opCount * OP_F64),
    opU32: new Uint32Array(buffer, at(sections.opsAt), counts.opCount * OP_U32),
  };
}

function readClasses(bytes: Uint8Array, classesAt: number, classCount: number): TraceClass[] {
  return Array.from({ length: classCount }, (_, index) => {
    const start = classesAt + index * classRow.strideBytes;
    const name = bytes.slice(start, start + 32);
    const row = new DataView(bytes.buffer, bytes.byteOffset + start, classRow.strideBytes);
    const end = name.indexOf(0);
    return {
      name: new TextDecoder().decode(end === -1 ? name : name.subarray(0, end)),
      loop: row.getUint32(classRow.offsetBytes.loop, true) === 1 ? "closed" : "open",
      deadlineNs: row.getFloat64(classRow.offsetBytes.deadlineNs, true),
    };
  });
}

/** The first reference that leads nowhere, as a sentence; null when all hold. Linear in the rows. */
function brokenReference(trace: Trace): string | null {
  const { taskCount, programCount, opCount, rootCount } = trace;
  if (trace.measuredClass >= trace.classes.length)
    return `measured class ${trace.measuredClass} does not exist`;
  if (rootCount > taskCount) return `${rootCount} roots among ${taskCount} tasks`;
  for (let program = 0; program < programCount; program++) {
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    if (first + count > opCount) return `program ${program} ends behind the last op`;
  }
  for (let op = 0; op < opCount; op++) {
    const code = trace.opU32[op * OP_U32 + OP_CODE] as number;
    if (opNameOf(code) === undefined) return `op ${op} has the unknown opcode ${code}`;
    const last =
      (trace.opU32[op * OP_U32 + OP_TARGET] as number) + (trace.opU32[op * OP_U32 + OP_COUNT] as number);
    if (last > taskCount) return `op ${op} names task ${last - 1} of ${taskCount}`;
  }
  return brokenTask(trace);
}

function brokenTask(trace: Trace): string | null {
  const { taskCount, rootCount, taskU32, taskF64 } = trace;
  const followed = new Uint8Array(taskCount);
  let lastDueNs = 0;
  for (let task = 0; task < taskCount; task++) {
    const row = task * TASK_U32;
    const dueNs = taskF64[task * TASK_F64 + TASK_DUE] as number;
    const after = taskU32[row + TASK_AFTER] as number;
    const parent = taskU32[row + TASK_PARENT] as number;
    if (task < rootCount ? !(dueNs >= lastDueNs) : dueNs !== NO_DUE)
      return `task ${task} is out of order: due ${dueNs}`;
    if (task < rootCount) lastDueNs = dueNs;
    else if (after === NONE && parent === NONE) return `nothing ever releases task ${task}`;
    if (after !== NONE) {
      if (after >= taskCount || after === task) return `task ${task} follows task ${after} of ${taskCount}`;
      if (followed[after] === 1) return `task ${after} has two successors`;
      followed[after] = 1;
    }
    if (parent !== NONE && parent >= taskCount) return `task ${task} has parent ${parent} of ${taskCount}`;
    if ((taskU32[row + TASK_PROGRAM] as number) >= trace.programCount) return `task ${task} has no program`;
    if ((taskU32[row + TASK_CLASS] as number) >= trace.classes.length) return `task ${task} has no class`;
  }
  return null;
}
