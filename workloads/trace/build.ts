/**
 * Makes a composition concrete: composition + seed → trace.
 *
 * Ids are given in three runs: tasks with a due time in the order of their due times, then the
 * successors of closed sessions, then children in the order of their parents.
 */
import { strict as assert } from "node:assert";
import type { Composition, Distribution, OpSpec, Stream, TaskSpec, Variant } from "../workload.ts";
import { arrivalTimesNs } from "./arrivals.ts";
import { type OpName, ops } from "./op.ts";
import { exponential, type Random, randomStream } from "./random.ts";
import * as layout from "./trace.ts";
import { allocateTrace, NO_DUE, NONE, RANDOM_PHASE, type Trace, type TraceClass } from "./trace.ts";

export interface CanarySchedule {
  /** One canary in every period, in ns; 0: none. */
  readonly periodNs: number;
  /** Fixed offset in every period, in ns; undefined: a seeded random instant. */
  readonly phaseNs?: number;
}

/** Pessimistic cost of one kernel unit: twice what a slow machine takes. For cut-offs only. */
const UNIT_NS = 5;
/** Pessimistic cost of one task beyond its ops. For cut-offs only. */
const TASK_NS = 20e3;
/** Every trial may drain at least this long after its window. */
const DRAIN_NS = 5e9;

/** Builds the trace of `composition` for `seed`. */
export function build(composition: Composition, seed: number, canaries: CanarySchedule): Trace {
  const builder = new Builder(composition, seed);
  composition.streams.forEach((stream, index) => {
    builder.addStream(stream, index);
  });
  return builder.encode(canaries);
}

/** An op with its operands drawn; the children it names are drafts `target` … `target + count − 1`. */
interface ResolvedOp {
  readonly op: OpName;
  readonly a: number;
  readonly b: number;
  readonly target: number;
  readonly count: number;
}

/** A task that is already drafted and still lacks its program. */
interface Pending {
  readonly draft: number;
  readonly spec: TaskSpec;
}

class Builder {
  readonly #composition: Composition;
  readonly #seed: number;
  readonly #classIndex: Map<string, number>;
  readonly #drafts = new Drafts();
  readonly #programs: (readonly ResolvedOp[])[] = [];
  /** A spec without randomness and children is resolved once and its program shared by all its tasks. */
  readonly #shared = new Map<TaskSpec, number>();
  /** Draft ranges of the streams' tasks with a due time, each in ascending order. */
  readonly #rootRuns: { next: number; readonly end: number }[] = [];
  #sessionCount = 0;

  constructor(composition: Composition, seed: number) {
    this.#composition = composition;
    this.#seed = seed;
    this.#classIndex = new Map(composition.classes.map(({ name }, index) => [name, index]));
  }

  addStream(stream: Stream, index: number): void {
    const { release } = stream;
    const random = (what: string): Random => randomStream(this.#seed, `${index}:${what}`);
    const draws = { variant: random("variant"), operands: random("operands"), think: random("think") };
    const sessionCount = release.sessionCount ?? 0;
    const dueNs =
      release.loop === "open"
        ? arrivalTimesNs(release.arrivals, this.#composition.windowNs, random("arrivals"))
        : new Float64Array(Math.min(release.sessionCount, release.taskCount));
    const taskCount = release.loop === "open" ? dueNs.length : release.taskCount;
    const first = this.#drafts.add(taskCount);
    this.#rootRuns.push({ next: first, end: first + dueNs.length });
    const spawning: Pending[] = [];
    for (let task = 0; task < taskCount; task++) {
      const draft = first + task;
      if (task < dueNs.length) this.#drafts.dueNs[draft] = dueNs[task] as number;
      if (sessionCount > 0) {
        this.#drafts.session[draft] = this.#sessionCount + (task % sessionCount);
        if (task >= sessionCount) {
          this.#drafts.after[draft] = draft - sessionCount;
          if (release.loop === "closed") this.#drafts.thinkNs[draft] = draw(release.thinkNs, draws.think);
        }
      }
      this.#program({ draft, spec: pick(stream.variants, draws.variant) }, draws.operands, spawning);
    }
    // Breadth first, so that the children of one spawn stand side by side.
    for (let next = spawning.shift(); next !== undefined; next = spawning.shift()) {
      this.#program(next, draws.operands, spawning);
    }
    this.#sessionCount += sessionCount;
  }

  encode(canaries: CanarySchedule): Trace {
    const order = this.#order();
    const idOf = new Uint32Array(order.length);
    order.forEach((draft, id) => {
      idOf[draft] = id;
    });
    const { windowNs, connectionCount, measured } = this.#composition;
    const measuredClass = this.#classIndex.get(measured);
    assert(measuredClass !== undefined, `the measured class "${measured}" is none of the composition's`);
    const trace = allocateTrace({
      seed: this.#seed,
      classes: this.#traceClasses(),
      programCount: this.#programs.length,
      opCount: this.#programs.reduce((sum, program) => sum + program.length, 0),
      taskCount: order.length,
      rootCount:
        this.#rootRuns.reduce((sum, run) => sum + run.end, 0) -
        this.#rootRuns.reduce((sum, run) => sum + run.next, 0),
      sessionCount: this.#sessionCount,
      connectionCount,
      measuredClass,
      canaryPeriodNs: canaries.periodNs,
      canaryPhaseNs: canaries.phaseNs ?? RANDOM_PHASE,
      windowNs,
      drainNs: this.#drainNs(order),
    });
    writePrograms(trace, this.#programs, idOf);
    this.#writeTasks(trace, order, idOf);
    return trace;
  }

  /** Resolves the program of a drafted task; the children it spawns are drafted and join `spawning`. */
  #program({ draft, spec }: Pending, operands: Random, spawning: Pending[]): void {
    const taskClass = this.#classIndex.get(spec.class);
    assert(taskClass !== undefined, `the class "${spec.class}" is none of the composition's`);
    this.#drafts.class[draft] = taskClass;
    const shared = this.#shared.get(spec);
    if (shared !== undefined) {
      this.#drafts.program[draft] = shared;
      return;
    }
    let spawned = { target: 0, count: 0 };
    const resolved = spec.ops.map((op) => {
      if (op.op === "spawn") spawned = this.#draftChildren(op.children, draft, spawning);
      return { ...resolve(op, operands), ...(op.op === "spawn" || op.op === "join" ? spawned : {}) };
    });
    this.#drafts.program[draft] = this.#programs.push(resolved) - 1;
    if (spec.ops.every(isConstant)) this.#shared.set(spec, this.#programs.length - 1);
  }

  #draftChildren(
    specs: readonly TaskSpec[],
    parent: number,
    spawning: Pending[],
  ): { target: number; count: number } {
    const target = this.#drafts.add(specs.length);
    specs.forEach((spec, index) => {
      this.#drafts.parent[target + index] = parent;
      this.#drafts.session[target + index] = this.#drafts.session[parent] as number;
      spawning.push({ draft: target + index, spec });
    });
    return { target, count: specs.length };
  }

  /** Drafts in the order of their final ids. The runs of roots are merged; ties go to the earlier stream. */
  #order(): Uint32Array {
    const { count, dueNs, parent } = this.#drafts;
    const order = new Uint32Array(count);
    let id = 0;
    const runs = this.#rootRuns.map((run) => ({ ...run }));
    for (;;) {
      let first: { next: number } | null = null;
      let firstNs = Number.POSITIVE_INFINITY;
      for (const run of runs) {
        if (run.next < run.end && (dueNs[run.next] as number) < firstNs) {
          first = run;
          firstNs = dueNs[run.next] as number;
        }
      }
      if (first === null) break;
      order[id++] = first.next++;
    }
    for (let draft = 0; draft < count; draft++) {
      if (dueNs[draft] === NO_DUE && parent[draft] === NONE) order[id++] = draft;
    }
    for (let draft = 0; draft < count; draft++) if (parent[draft] !== NONE) order[id++] = draft;
    return order;
  }

  #traceClasses(): TraceClass[] {
    const { count, dueNs, class: classOf } = this.#drafts;
    const closed = new Set<number>();
    for (let draft = 0; draft < count; draft++)
      if (dueNs[draft] === NO_DUE) closed.add(classOf[draft] as number);
    return this.#composition.classes.map(({ name, deadlineNs }, index) => ({
      name,
      deadlineNs: deadlineNs ?? Number.POSITIVE_INFINITY,
      loop: closed.has(index) ? "closed" : "open",
    }));
  }

  #writeTasks(trace: Trace, order: Uint32Array, idOf: Uint32Array): void {
    const seeds = randomStream(this.#seed, "task seeds");
    const drafts = this.#drafts;
    const idOrNone = (draft: number): number => (draft === NONE ? NONE : (idOf[draft] as number));
    for (let id = 0; id < order.length; id++) {
      const draft = order[id] as number;
      trace.taskF64[id * layout.TASK_F64 + layout.TASK_DUE] = drafts.dueNs[draft] as number;
      trace.taskF64[id * layout.TASK_F64 + layout.TASK_THINK] = drafts.thinkNs[draft] as number;
      const row = id * layout.TASK_U32;
      trace.taskU32[row + layout.TASK_AFTER] = idOrNone(drafts.after[draft] as number);
      trace.taskU32[row + layout.TASK_PARENT] = idOrNone(drafts.parent[draft] as number);
      trace.taskU32[row + layout.TASK_PROGRAM] = drafts.program[draft] as number;
      trace.taskU32[row + layout.TASK_SESSION] = drafts.session[draft] as number;
      trace.taskU32[row + layout.TASK_SEED] = seeds.word();
      trace.taskU32[row + layout.TASK_CLASS] = drafts.class[draft] as number;
    }
  }

  /**
   * How long after the window the trial may run before its cut-off. An open loop gets a fixed drain and
   * twice its longest task; a counted load four times what one slow worker would need.
   */
  #drainNs(order: Uint32Array): number {
    const costs = this.#programs.map(nominalCost);
    const { program, thinkNs, after, parent, count } = this.#drafts;
    const chainNs = new Float64Array(count);
    let holdsNs = 0;
    let longestTaskNs = 0;
    let longestChainNs = 0;
    for (const draft of order) {
      const cost = costs[program[draft] as number];
      assert(cost !== undefined);
      const before = after[draft] === NONE ? (parent[draft] as number) : (after[draft] as number);
      const chain =
        cost.suspendedNs + (thinkNs[draft] as number) + (before === NONE ? 0 : (chainNs[before] as number));
      chainNs[draft] = chain;
      holdsNs += cost.heldNs;
      longestTaskNs = Math.max(longestTaskNs, cost.heldNs + cost.suspendedNs);
      longestChainNs = Math.max(longestChainNs, chain);
    }
    if (this.#composition.windowNs > 0) return DRAIN_NS + 2 * longestTaskNs;
    return DRAIN_NS + 4 * holdsNs + 2 * longestChainNs + order.length * TASK_NS;
  }
}

/** Tasks before they have their ids, as growable columns: a trace has up to 10^7 of them. */
class Drafts {
  count = 0;
  dueNs = new Float64Array(0);
  thinkNs = new Float64Array(0);
  after = new Uint32Array(0);
  parent = new Uint32Array(0);
  session = new Uint32Array(0);
  program = new Uint32Array(0);
  class = new Uint32Array(0);

  /** Adds `more` drafts without due time, predecessor, parent or session and answers the first of them. */
  add(more: number): number {
    const first = this.count;
    this.count += more;
    if (this.count > this.dueNs.length) {
      const capacity = Math.max(this.count, 2 * this.dueNs.length);
      this.dueNs = grown(this.dueNs, new Float64Array(capacity).fill(NO_DUE));
      this.thinkNs = grown(this.thinkNs, new Float64Array(capacity));
      this.after = grown(this.after, new Uint32Array(capacity).fill(NONE));
      this.parent = grown(this.parent, new Uint32Array(capacity).fill(NONE));
      this.session = grown(this.session, new Uint32Array(capacity).fill(NONE));
      this.program = grown(this.program, new Uint32Array(capacity));
      this.class = grown(this.class, new Uint32Array(capacity));
    }
    return first;
  }
}

function grown<Column extends Float64Array | Uint32Array>(old: Column, larger: Column): Column {
  larger.set(old);
  return larger;
}

function writePrograms(trace: Trace, programs: readonly (readonly ResolvedOp[])[], idOf: Uint32Array): void {
  let at = 0;
  programs.forEach((program, index) => {
    trace.programU32[index * layout.PROGRAM_U32 + layout.PROGRAM_FIRST_OP] = at;
    trace.programU32[index * layout.PROGRAM_U32 + layout.PROGRAM_OP_COUNT] = program.length;
    for (const { op, a, b, target, count } of program) {
      trace.opU32[at * layout.OP_U32 + layout.OP_CODE] = ops[op].code;
      trace.opF64[at * layout.OP_F64 + layout.OP_A] = a;
      trace.opF64[at * layout.OP_F64 + layout.OP_B] = b;
      trace.opU32[at * layout.OP_U32 + layout.OP_TARGET] = count === 0 ? 0 : (idOf[target] as number);
      trace.opU32[at * layout.OP_U32 + layout.OP_COUNT] = count;
      at++;
    }
  });
}

/** What a program takes on a slow machine, for cut-offs only. */
function nominalCost(program: readonly ResolvedOp[]): { heldNs: number; suspendedNs: number } {
  let heldNs = 0;
  let suspendedNs = 0;
  for (const { op, a, b } of program) {
    if (op === "cpu") heldNs += a * UNIT_NS;
    else if (op === "block") heldNs += a;
    else if (op === "sleep") suspendedNs += a;
    else if (op === "echo") suspendedNs += b;
  }
  return { heldNs, suspendedNs };
}

function pick(variants: readonly Variant[], random: Random): Variant {
  let left = variants.length === 1 ? 0 : random.next();
  for (const variant of variants) {
    left -= variant.share;
    if (left < 0) return variant;
  }
  const last = variants.at(-1);
  assert(last !== undefined, "a stream needs a variant");
  return last;
}

function resolve(spec: OpSpec, random: Random): ResolvedOp {
  const plain = { op: spec.op, a: 0, b: 0, target: 0, count: 0 };
  switch (spec.op) {
    case "cpu":
      return { ...plain, a: Math.max(1, Math.round(draw(spec.units, random))) };
    case "block":
    case "sleep":
      return { ...plain, a: Math.round(draw(spec.ns, random)) };
    case "echo":
      return {
        ...plain,
        a: Math.max(1, Math.round(draw(spec.bytes, random))),
        b: Math.round(draw(spec.replyDelayNs, random)),
      };
    case "yield":
    case "spawn":
    case "join":
      return plain;
  }
}

function isConstant(spec: OpSpec): boolean {
  if (spec.op === "spawn" || spec.op === "join") return false;
  if (spec.op === "yield") return true;
  const operands =
    spec.op === "cpu" ? [spec.units] : spec.op === "echo" ? [spec.bytes, spec.replyDelayNs] : [spec.ns];
  return operands.every((operand) => typeof operand === "number");
}

function draw(distribution: Distribution, random: Random): number {
  if (typeof distribution === "number") return distribution;
  return distribution.kind === "exponential"
    ? exponential(random, distribution.mean)
    : distribution.min + (distribution.max - distribution.min) * random.next();
}
