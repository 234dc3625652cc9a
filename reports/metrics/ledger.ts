/**
 * What the workers were at over the whole trial, summed up from its start, so that how much of any stretch of it
 * was of which kind is a difference of two sums.
 */
import { lastAtMost } from "./spans.ts";

/** Whose fault it is that something ready does not run at an instant, as far as that does not depend on what waits. */
export const states: Readonly<Record<"capacity" | "cores" | "host" | "idle", number>> = {
  /** No worker is idle, and each that could run has a core. */
  capacity: 0,
  /** More workers could run than there are cores. */
  cores: 1,
  /** A worker is idle and something outside the trial is on the cores. */
  host: 2,
  /** A worker is idle and nothing is in its way. */
  idle: 3,
};

const STATE_COUNT = Object.keys(states).length;

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

export interface Ledger {
  /** Where the state changes, ascending from 0. */
  readonly atNs: Float64Array;
  /** From there on. */
  readonly state: Uint8Array;
  /** Time in each state from 0 to there; a run of STATE_COUNT a row. */
  readonly sumsNs: Float64Array;
}

export function ledgerOf(activity: Activity): Ledger {
  const kinds = [activity.idle, activity.blocked, activity.foreign];
  const limit = 1 + kinds.reduce((sum, { startsNs }) => sum + 2 * startsNs.length, 0);
  const atNs = new Float64Array(limit);
  const state = new Uint8Array(limit);
  const sumsNs = new Float64Array(limit * STATE_COUNT);
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
    const row = last * STATE_COUNT;
    for (let each = 0; each < STATE_COUNT; each++) {
      sumsNs[row + STATE_COUNT + each] = sumsNs[row + each] as number;
    }
    const own = row + STATE_COUNT + (state[last] as number);
    sumsNs[own] = (sumsNs[own] as number) + edgeNs - (atNs[last] as number);
    last++;
    atNs[last] = edgeNs;
    state[last] = now;
  }
  return { atNs: atNs.subarray(0, last + 1), state: state.subarray(0, last + 1), sumsNs };
}

/** Time in `state` within [fromNs, toNs). */
export function timeIn(
  ledger: Ledger,
  state: number,
  { fromNs, toNs }: { fromNs: number; toNs: number },
): number {
  return toNs <= fromNs ? 0 : timeUntil(ledger, state, toNs) - timeUntil(ledger, state, fromNs);
}

function timeUntil(ledger: Ledger, state: number, untilNs: number): number {
  const row = Math.max(0, lastAtMost(ledger.atNs, untilNs));
  const sumNs = ledger.sumsNs[row * STATE_COUNT + state] as number;
  return ledger.state[row] === state ? sumNs + untilNs - (ledger.atNs[row] as number) : sumNs;
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
