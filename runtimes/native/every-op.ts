/** A small trace with every op, every kind of release and canaries: what the tests of both languages execute. */
import { build } from "../../workloads/trace/build.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import type { Composition } from "../../workloads/workload.ts";

/** Many short tasks; the whole takes some 100 ms of one core. */
export const everyOp: Composition = {
  classes: [{ name: "closed" }, { name: "request" }, { name: "parent" }, { name: "child" }],
  measured: "closed",
  windowNs: 200e6,
  connectionCount: 3,
  streams: [
    {
      release: { loop: "closed", sessionCount: 7, taskCount: 200, thinkNs: 0 },
      variants: [
        { share: 0.5, class: "closed", ops: [] },
        {
          share: 0.5,
          class: "closed",
          ops: [
            { op: "cpu", units: { kind: "exponential", mean: 2000 } },
            { op: "yield" },
            { op: "block", ns: 100e3 },
            { op: "cpu", units: 1 },
          ],
        },
      ],
    },
    {
      release: {
        loop: "closed",
        sessionCount: 2,
        taskCount: 6,
        thinkNs: { kind: "uniform", min: 1e6, max: 3e6 },
      },
      variants: [
        {
          share: 1,
          class: "closed",
          ops: [
            { op: "sleep", ns: 2e6 },
            { op: "cpu", units: 1e6 },
          ],
        },
      ],
    },
    {
      // Due and after: either gate may open last.
      release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 1000 }, sessionCount: 5 },
      variants: [
        {
          share: 1,
          class: "request",
          ops: [
            { op: "echo", bytes: { kind: "uniform", min: 1, max: 65_536 }, replyDelayNs: 500e3 },
            { op: "echo", bytes: 3, replyDelayNs: 0 },
          ],
        },
      ],
    },
    {
      release: { loop: "open", arrivals: { kind: "times", atNs: [0, 0, 50e6, 50e6] } },
      variants: [
        {
          share: 1,
          class: "parent",
          ops: [
            {
              op: "spawn",
              children: [
                { class: "child", ops: [] },
                { class: "child", ops: [{ op: "sleep", ns: 1e6 }] },
                {
                  class: "child",
                  ops: [
                    { op: "spawn", children: [{ class: "child", ops: [{ op: "cpu", units: 5000 }] }] },
                    { op: "join" },
                    { op: "yield" },
                  ],
                },
              ],
            },
            { op: "cpu", units: 100 },
            { op: "join" },
            { op: "cpu", units: 10 },
          ],
        },
      ],
    },
  ],
};

export function everyOpTrace(): Trace {
  return build(everyOp, 7, { periodNs: 1e6 });
}
