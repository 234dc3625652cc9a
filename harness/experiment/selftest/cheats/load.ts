/**
 * The load on which runtimes cheat: every kind of op, open and closed loops, and workers that are all held at times,
 * so that each cheat has something to gain. The closed loop alone takes two workers a good part of the window.
 */
import type { Composition } from "../../../../workloads/workload.ts";

const MS = 1e6;

export const cheatWorkerCount = 2;

export const cheatLoad: Composition = {
  classes: [
    { name: "blocker" },
    { name: "victim" },
    { name: "sleeper" },
    { name: "request" },
    { name: "family" },
    { name: "child" },
    { name: "cruncher" },
  ],
  measured: "victim",
  windowNs: 800 * MS,
  connectionCount: 4,
  streams: [
    {
      release: {
        loop: "open",
        arrivals: { kind: "times", atNs: [50, 50, 150, 150, 250, 250].map((ms) => ms * MS) },
      },
      variants: [{ share: 1, class: "blocker", ops: [{ op: "block", ns: 20 * MS }] }],
    },
    {
      release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 200 } },
      variants: [{ share: 1, class: "victim", ops: [{ op: "cpu", units: 2000 }] }],
    },
    {
      release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 100 } },
      variants: [
        {
          share: 1,
          class: "sleeper",
          ops: [
            { op: "sleep", ns: 4 * MS },
            { op: "cpu", units: 2000 },
          ],
        },
      ],
    },
    {
      release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 300 } },
      variants: [{ share: 1, class: "request", ops: [{ op: "echo", bytes: 64, replyDelayNs: 100 * MS }] }],
    },
    {
      release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 50 } },
      variants: [
        {
          share: 1,
          class: "family",
          ops: [
            { op: "spawn", children: [{ class: "child", ops: [{ op: "cpu", units: 40_000 }] }] },
            { op: "join" },
          ],
        },
      ],
    },
    {
      release: { loop: "closed", sessionCount: 60, taskCount: 500, thinkNs: 0 },
      variants: [{ share: 1, class: "cruncher", ops: [{ op: "cpu", units: 300_000 }] }],
    },
  ],
};
