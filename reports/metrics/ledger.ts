/**
 * What the workers were at over the whole trial, summed up from its start, so that how much of any stretch of it
 * was of which kind is a difference of two sums.
 */
import { coverOf, type Spans } from "./spans.ts";

/** Whose fault it is that something ready does not run at an instant, as far as that does not depend on what waits. */
const states: Readonly<Record<"capacity" | "cores" | "host" | "idle", number>> = {
  /** No worker is idle, and each that could run has a core. */
  capacity: 0,
  /** More workers could run than there are cores. */
  cores: 1,
  /** A worker is idle and something outside the trial is on the cores. */
  host: 2,
  /** A worker is idle and nothing is in its way. */
  idle: 3,
};

type State = keyof typeof states;

/** When stretches of one kind begin and end, over all workers; each ascending. */
export interface Edges {
  readonly startsNs: Float64Array;
  readonly endsNs: Float64Array;
}

export interface Activity {
  readonly idle: Edges;
  readonly blocked: Edges;
  readonly foreign: Edges;
  readonly workerCount: number;
  readonly coreCount: number;
}

/** By state, how much of [0, t) it was the workers' state, for any t. */
export type Ledger = Readonly<Record<State, (untilNs: number) => number>>;

export function ledgerOf(activity: Activity): Ledger {
  const changes = changesOf(activity);
  const until = (state: State): Ledger[State] => coverOf(spansIn(changes, states[state]));
  return { capacity: until("capacity"), cores: until("cores"), host: until("host"), idle: until("idle") };
}

interface Changes {
  /** Where the state changes, ascending from 0. */
  readonly atNs: Float64Array;
  /** From there on. */
  readonly state: Uint8Array;
}

function changesOf(activity: Activity): Changes {
  const kinds = [activity.idle, activity.blocked, activity.foreign];
  const limit = 1 + kinds.reduce((sum, { startsNs }) => sum + 2 * startsNs.length, 0);
  const atNs = new Float64Array(limit);
  const state = new Uint8Array(limit);
  const underWay = [0, 0, 0];
  const started = [0, 0, 0];
  const ended = [0, 0, 0];
  state[0] = stateOf(underWay, activity);
  let last = 0;
  for (;;) {
    const edgeNs = nextEdge(kinds, started, ended);
    if (edgeNs === Number.POSITIVE_INFINITY) break;
    for (let kind = 0; kind < kinds.length; kind++) {
      const { startsNs, endsNs } = kinds[kind] as Edges;
      const begun = countAt(startsNs, started[kind] as number, edgeNs);
      const over = countAt(endsNs, ended[kind] as number, edgeNs);
      started[kind] = begun;
      ended[kind] = over;
      underWay[kind] = begun - over;
    }
    const now = stateOf(underWay, activity);
    if (now === state[last]) continue;
    last++;
    atNs[last] = edgeNs;
    state[last] = now;
  }
  return { atNs: atNs.subarray(0, last + 1), state: state.subarray(0, last + 1) };
}

/** The stretches in which the state is `wanted`; the last change holds for good. */
function spansIn({ atNs, state }: Changes, wanted: number): Spans {
  let count = 0;
  for (const each of state) if (each === wanted) count++;
  const startsNs = new Float64Array(count);
  const endsNs = new Float64Array(count);
  let span = 0;
  for (let change = 0; change < state.length; change++) {
    if (state[change] !== wanted) continue;
    startsNs[span] = atNs[change] as number;
    endsNs[span++] = change + 1 < state.length ? (atNs[change + 1] as number) : Number.POSITIVE_INFINITY;
  }
  return { startsNs, endsNs };
}

/** `underWay`: stretches of each kind, in the order of `kinds` above. */
function stateOf(underWay: readonly number[], { workerCount, coreCount }: Activity): number {
  const [idle = 0, blocked = 0, foreign = 0] = underWay;
  if (workerCount - idle - blocked > coreCount) return states.cores;
  if (idle === 0) return states.capacity;
  return foreign > 0 ? states.host : states.idle;
}

/** The first edge that is not passed; Infinity: none is left. */
function nextEdge(kinds: readonly Edges[], started: readonly number[], ended: readonly number[]): number {
  let nextNs = Number.POSITIVE_INFINITY;
  for (let kind = 0; kind < kinds.length; kind++) {
    const { startsNs, endsNs } = kinds[kind] as Edges;
    const start = started[kind] as number;
    const end = ended[kind] as number;
    if (start < startsNs.length) nextNs = Math.min(nextNs, startsNs[start] as number);
    if (end < endsNs.length) nextNs = Math.min(nextNs, endsNs[end] as number);
  }
  return nextNs;
}

/** How many of ascending `edgesNs` are at most `atNs`, the first `from` of them known to be. */
function countAt(edgesNs: Float64Array, from: number, atNs: number): number {
  let count = from;
  while (count < edgesNs.length && (edgesNs[count] as number) <= atNs) count++;
  return count;
}
