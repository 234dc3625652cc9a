/** The reference model in virtual time, at the calibrated cost of a unit: what no overhead would give. */
import { ideal } from "../../runtimes/ideal/ideal.ts";
import { allocateRecords } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import { warmUpTrace } from "../../runtimes/warm-up.ts";
import type { Contestant } from "./contestant.ts";
import { checksumsOf, throughputFigures } from "./from-records.ts";
import type { Answer } from "./job.ts";
import { digestOf, type Work } from "./work.ts";

export const referenceModel: Contestant = {
  name: "ideal",
  family: "model",
  setup: "isoload's reference model: one FIFO queue, no overhead, in virtual time; a reference, not a bound",
  only: null,
  prepare: () => {
    const availability = ideal.availability();
    return availability.available ? { version: availability.version } : { absent: availability.reason };
  },
  run: runModel,
};

async function runModel({ job, trace, firstTask, unitNs }: Work): Promise<Answer> {
  const { workerCount } = job;
  const records = allocateRecords(shapeFor(trace, workerCount));
  const settings = { workerCount, coreCount: workerCount, options: {}, peerPort: null };
  const started = await ideal.start({ ...settings, trace, records, warmUp: warmUpTrace(false), unitNs });
  await started.execute();
  const checksums = checksumsOf(records, firstTask);
  return {
    doneCount: checksums.length,
    digest: digestOf(checksums),
    figures: throughputFigures(trace, records, firstTask),
  };
}
