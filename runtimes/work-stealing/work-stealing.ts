/**
 * The runtime `work-stealing`: our own multi-thread scheduler over worker threads and shared memory.
 *
 * Each worker has a deque; idle workers steal from it at every op boundary, since a task is an id and a row in
 * shared memory. What comes from outside goes through one inject queue.
 */

import { opNames } from "../../workloads/trace/op.ts";
import { canaryPolls } from "../ids.ts";
import { POLL_LIMIT, pollBound } from "../poll-bound.ts";
import type { Runtime } from "../runtime.ts";
import { startThreads } from "../threads.ts";
import { policyMisfit, policyOf, policyOptions } from "./policy.ts";

export const workStealing: Runtime = {
  name: "work-stealing",
  summary: "a work-stealing scheduler in TypeScript: worker threads, a deque each, tasks in shared memory",
  workers: "many",
  time: "live",
  options: policyOptions,
  misfit: policyMisfit,
  ops: new Set(opNames),
  availability: () => ({ available: true, version: `node ${process.versions.node}` }),
  start: async (settings) => {
    const { trace, records, workerCount } = settings;
    const { connectionCount } = trace;
    const polls = pollBound(trace, canaryPolls(records.shape));
    if (polls > POLL_LIMIT) {
      throw new Error(`the trace may need ${polls} polls; work-stealing takes at most ${POLL_LIMIT} a trial`);
    }
    const policy = policyOf(settings.options);
    return startThreads(settings, {
      entry: new URL("./worker.js", import.meta.url),
      workerCount,
      dequeCount: workerCount,
      injectorCount: policy.queues === "partitioned" ? workerCount : 1,
      hasThieves: policy.queues === "stealing",
      restsOnTime: policy.timerGranularityNs === 0,
      bells: connectionCount > 0 ? "all" : "none",
    });
  },
};
