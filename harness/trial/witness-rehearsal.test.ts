import { expect, test } from "vitest";
import type { Sources } from "./sensors.ts";
import { rehearseWitness } from "./witness-rehearsal.ts";

test("the witness rehearses with the sensors of the trial, a thousand looks and more, and ends", async () => {
  let machineReads = 0;
  let excuseReads = 0;
  const sources: Sources = {
    machine: {
      cpuCount: 2,
      read: () => {
        machineReads++;
        return { idleNs: 0, stealNs: 0 };
      },
    },
    ownCpuNs: () => 0,
    throttledNs: null,
    excusesNs: () => {
      excuseReads++;
      return 0;
    },
  };
  await rehearseWitness(sources);
  expect(excuseReads).toBeGreaterThanOrEqual(900);
  // A tenth of a second apart, of a second.
  expect(machineReads).toBeGreaterThanOrEqual(10);
});
