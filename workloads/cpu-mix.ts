/** Independent CPU work, with a share of greedy tasks: parallel speed-up, and who suffers from the greedy. */
import { choice, count, quantity } from "./parameter.ts";
import { arrivalsAt, rateArrivals } from "./trace/arrivals.ts";
import type { Variant, Workload } from "./workload.ts";

export const cpuMix: Workload = {
  name: "cpu-mix",
  family: "cpu",
  shows: "how far CPU work spreads over the workers, and what a share of greedy tasks does to the others",
  parameters: {
    tasks: count("tasks of the closed loop; without effect where ratePerSecond is given", {
      min: 1,
      max: 1e7,
      default: 20_000,
    }),
    units: count("kernel units an ordinary task; 20,000 take about 50 µs", {
      min: 1,
      max: 4e9,
      default: 20_000,
    }),
    inFlight: count("tasks in flight in the closed loop", { min: 1, max: 1e5, default: 64 }),
    greedyShare: quantity("share of greedy tasks", "0…1", { min: 0, max: 1, default: 0 }),
    greedyUnits: count("kernel units a greedy task; 4,000,000 take about 10 ms", {
      min: 1,
      max: 4e9,
      default: 4_000_000,
    }),
    ratePerSecond: quantity(
      "releases tasks at this mean rate for the duration: an open loop",
      "tasks a second",
      {
        min: 0.001,
        max: 1e6,
        default: undefined,
      },
    ),
    arrivals: choice("how the open loop's tasks arrive", rateArrivals),
  },
  isCounted: ({ ratePerSecond }) => ratePerSecond === undefined,
  describe: ({ tasks, units, inFlight, greedyShare, greedyUnits, ratePerSecond, arrivals }, durationNs) => {
    const greedy = Number(greedyShare);
    const variants: Variant[] = [
      { share: 1 - greedy, class: "ordinary", ops: [{ op: "cpu", units: Number(units) }] },
      { share: greedy, class: "greedy", ops: [{ op: "cpu", units: Number(greedyUnits) }] },
    ];
    const present = variants.filter(({ share }) => share > 0);
    return {
      classes: present.map((variant) => ({ name: variant.class })),
      measured: greedy === 1 ? "greedy" : "ordinary",
      windowNs: ratePerSecond === undefined ? 0 : durationNs,
      connectionCount: 0,
      streams: [
        {
          release:
            ratePerSecond === undefined
              ? { loop: "closed", sessionCount: Number(inFlight), taskCount: Number(tasks), thinkNs: 0 }
              : { loop: "open", arrivals: arrivalsAt(String(arrivals), Number(ratePerSecond)) },
          variants: present,
        },
      ],
    };
  },
};
