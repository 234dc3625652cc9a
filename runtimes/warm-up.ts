/**
 * The fixed trace that every worker runs before a trial: every op kind, often enough that interpreter, step,
 * recorder and kernel are compiled when the measured window opens, and short.
 */
import { build } from "../workloads/trace/build.ts";
import type { Trace } from "../workloads/trace/trace.ts";
import type { Composition, OpSpec, Stream } from "../workloads/workload.ts";

const SEED = 0x57415243;
/** Its canaries are due within this time; it does not last that long. */
const WINDOW_NS = 200e6;
/** With a tenth as many canaries their path was compiled in the middle of trials. */
const CANARY_PERIOD_NS = 0.1e6;

/** `withPeer`: the trial has an echo peer, so its sockets are warmed too. */
export function warmUpTrace(withPeer: boolean): Trace {
  return build(warmUpComposition(withPeer), SEED, { periodNs: CANARY_PERIOD_NS });
}

/**
 * One task after another, each due a moment after the last has ended: a worker with exact timers rests before each,
 * so that the way into a rest and out of it is compiled too. Small functions take some 20,000 calls for that, in all
 * rounds; with a fourth of them the heartbeat's p99 with two workers a core was half as much again.
 */
export function restingTrace(): Trace {
  return build(
    {
      classes: [{ name: "warm-up" }],
      measured: "warm-up",
      windowNs: 0,
      connectionCount: 0,
      streams: [
        {
          release: { loop: "closed", sessionCount: 1, taskCount: 4000, thinkNs: 1 },
          variants: [{ share: 1, class: "warm-up", ops: [] }],
        },
      ],
    },
    SEED,
    { periodNs: 0 },
  );
}

function warmUpComposition(withPeer: boolean): Composition {
  return {
    classes: [{ name: "warm-up" }],
    measured: "warm-up",
    windowNs: WINDOW_NS,
    connectionCount: withPeer ? 1 : 0,
    streams: [
      atOnce(2, [
        { op: "sleep", ns: 1e6 },
        { op: "block", ns: 50e3 },
      ]),
      atOnce(500, []),
      atOnce(250, [{ op: "cpu", units: 500 }]),
      atOnce(250, [{ op: "yield" }, { op: "cpu", units: 10 }, { op: "yield" }]),
      atOnce(100, [
        {
          op: "spawn",
          children: [
            { class: "warm-up", ops: [] },
            { class: "warm-up", ops: [{ op: "yield" }] },
          ],
        },
        { op: "join" },
      ]),
      ...(withPeer ? [atOnce(100, [{ op: "echo", bytes: 64, replyDelayNs: 0 }])] : []),
      {
        release: { loop: "closed", sessionCount: 16, taskCount: 1000, thinkNs: 0 },
        variants: [{ share: 1, class: "warm-up", ops: [] }],
      },
      {
        release: { loop: "closed", sessionCount: 2, taskCount: 4, thinkNs: 0.1e6 },
        variants: [{ share: 1, class: "warm-up", ops: [] }],
      },
    ],
  };
}

function atOnce(count: number, ops: readonly OpSpec[]): Stream {
  return {
    release: { loop: "open", arrivals: { kind: "at-once", count } },
    variants: [{ share: 1, class: "warm-up", ops }],
  };
}
