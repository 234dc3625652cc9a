/**
 * What the conformance table runs on every runtime: each op, each kind of release, and what they come to together.
 */
import type { Composition, Distribution, OpSpec } from "../../workloads/workload.ts";
import { atOnce, closed, oneClass, stream } from "./drive.ts";

const echo = (bytes: Distribution, replyDelayNs: Distribution): OpSpec => ({
  op: "echo",
  bytes,
  replyDelayNs,
});

const nested: OpSpec = {
  op: "spawn",
  children: [
    { class: "task", ops: [{ op: "cpu", units: 200 }] },
    {
      class: "task",
      ops: [
        {
          op: "spawn",
          children: [
            { class: "task", ops: [{ op: "sleep", ns: 0.3e6 }] },
            { class: "task", ops: [{ op: "yield" }] },
          ],
        },
        { op: "join" },
        { op: "cpu", units: 50 },
      ],
    },
    { class: "task", ops: [] },
  ],
};

/** By the words that follow "does every task exactly once and the whole of it". */
export const compositions: Readonly<Record<string, Composition>> = {
  "empty tasks, all at once": oneClass([stream(atOnce(20_000), [])]),
  "cpu alone": oneClass([stream(atOnce(500), [{ op: "cpu", units: { kind: "exponential", mean: 2000 } }])]),
  "block alone": oneClass([stream(atOnce(20), [{ op: "block", ns: { kind: "uniform", min: 0, max: 2e6 } }])]),
  "sleep alone": oneClass([
    stream(atOnce(200), [{ op: "sleep", ns: { kind: "uniform", min: 0, max: 5e6 } }]),
  ]),
  "yield alone": oneClass([stream(atOnce(500), [{ op: "yield" }])]),
  "echo alone": oneClass([stream(atOnce(300), [echo({ kind: "uniform", min: 1, max: 3000 }, 0)])], 0, 8),
  "echo of 64 kB": oneClass([stream(atOnce(60), [echo(65_536, 0)])], 0, 5),
  "echo with a reply delay": oneClass([stream(atOnce(60), [echo(100, 2.5e6)])], 0, 4),
  "spawn without join": oneClass([stream(atOnce(100), [nested, { op: "cpu", units: 10 }])]),
  "spawn and join, nested": oneClass([
    stream(atOnce(200), [nested, { op: "join" }, { op: "cpu", units: 10 }]),
  ]),
  "a spawn of more children than a deque holds": oneClass([
    stream(atOnce(2), [
      {
        op: "spawn",
        children: Array.from({ length: 3000 }, () => ({ class: "task", ops: [{ op: "yield" }] })),
      },
      { op: "join" },
    ]),
  ]),
  "yields that outlast a turn": oneClass(
    [
      stream(
        atOnce(20),
        Array.from({ length: 100 }, () => ({ op: "yield" })),
      ),
      stream(atOnce(5), [echo(64, 0), { op: "yield" }, echo(64, 0)]),
    ],
    0,
    4,
  ),
  "every op in a row": oneClass(
    [
      stream(atOnce(60), [
        { op: "cpu", units: 100 },
        { op: "yield" },
        { op: "sleep", ns: 0.5e6 },
        echo(64, 0),
        { op: "block", ns: 0.1e6 },
        nested,
        { op: "join" },
        { op: "cpu", units: 100 },
      ]),
    ],
    0,
    4,
  ),
  "closed sessions": oneClass([stream(closed(32, 10_000, 0), [{ op: "cpu", units: 20 }])]),
  "closed sessions that think": oneClass([stream(closed(16, 200, { kind: "exponential", mean: 0.5e6 }), [])]),
  "open arrivals beside blocks": oneClass(
    [
      stream({ loop: "open", arrivals: { kind: "times", atNs: [0, 20e6] } }, [{ op: "block", ns: 10e6 }]),
      stream({ loop: "open", arrivals: { kind: "poisson", ratePerSecond: 5000 } }, [
        { op: "cpu", units: 500 },
      ]),
      stream({ loop: "open", arrivals: { kind: "bursts", ratePerSecond: 1000, size: 16 } }, [
        { op: "yield" },
      ]),
    ],
    100e6,
  ),
  "sessions of tasks that are due and follow each other": oneClass(
    [
      stream({ loop: "open", arrivals: { kind: "poisson", ratePerSecond: 5000 }, sessionCount: 7 }, [
        { op: "sleep", ns: { kind: "exponential", mean: 1e6 } },
      ]),
      stream({ loop: "open", arrivals: { kind: "at-once", count: 300 }, sessionCount: 5 }, []),
    ],
    50e6,
  ),
  "nothing but canaries": oneClass(
    [stream({ loop: "open", arrivals: { kind: "times", atNs: [] } }, [])],
    30e6,
  ),
};
