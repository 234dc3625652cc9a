/** Request and reply over loopback TCP to a peer in a process of its own. */
import { choice, count, quantity } from "./parameter.ts";
import { arrivalsAt, rateArrivals } from "./trace/arrivals.ts";
import type { Workload } from "./workload.ts";

export const tcpEcho: Workload = {
  name: "tcp-echo",
  family: "io",
  shows: "latency and capacity of the runtime's sockets: request and reply over loopback TCP",
  parameters: {
    sessions: count("clients; each waits for its own reply before its next request", {
      min: 1,
      max: 1e4,
      default: 64,
    }),
    bytes: count("payload, each way", { min: 1, max: 65_536, default: 64 }),
    replyDelayMs: quantity("how long the peer keeps a request", "ms", { min: 0, max: 10_000, default: 0 }),
    ratePerSecond: quantity("requests of all sessions together, for the duration", "requests a second", {
      min: 0.1,
      max: 1e6,
      default: 2000,
    }),
    arrivals: choice("how requests arrive", rateArrivals),
    connections: count("TCP connections in all, shared by the workers; at least as many as workers", {
      min: 1,
      max: 1e4,
      default: 64,
    }),
    deadlineMs: quantity("a request later than this counts as unserved", "ms", {
      min: 1,
      max: 60_000,
      default: 1000,
    }),
  },
  isCounted: () => false,
  describe: (
    { sessions, bytes, replyDelayMs, ratePerSecond, arrivals, connections, deadlineMs },
    durationNs,
  ) => ({
    classes: [{ name: "request", deadlineNs: Number(deadlineMs) * 1e6 }],
    measured: "request",
    windowNs: durationNs,
    connectionCount: Number(connections),
    streams: [
      {
        release: {
          loop: "open",
          arrivals: arrivalsAt(String(arrivals), Number(ratePerSecond)),
          sessionCount: Number(sessions),
        },
        variants: [
          {
            share: 1,
            class: "request",
            ops: [{ op: "echo", bytes: Number(bytes), replyDelayNs: Number(replyDelayMs) * 1e6 }],
          },
        ],
      },
    ],
  }),
};
