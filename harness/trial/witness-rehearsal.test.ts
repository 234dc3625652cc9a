import { expect, test } from "vitest";
import type { Sources } from "./sensors.ts";
import { rehearseWitness } from "./witness-rehearsal.ts";

test("the witness rehearses with the sensors of the trial, thousands of looks, and ends", async () => {
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
  expect(excuseReads).toBeGreaterThanOrEqual(2000);
  // A tenth of a second apart.
  expect(machineReads).toBeGreaterThanOrEqual(30);
  expect(machineReads).toBeLessThan(300);
});
