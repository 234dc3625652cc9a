/** Every case of the selftest, in the order in which they are run: one line a family. */
import { againstIdealProbe, againstIdealProbes } from "./against-ideal.ts";
import type { SelftestCase } from "./case.ts";
import { cheatingCases } from "./cheating.ts";
import { conformingCase } from "./conforming.ts";
import { allHeldProbe, deterministicProbes } from "./deterministic.ts";
import { disturbedCases } from "./disturbed.ts";
import { freezeProbe, freezeProbes } from "./freeze.ts";
import { knownLoads } from "./known-loads.ts";
import { partitionedProbes } from "./partitioned.ts";
import { caseOf } from "./probe.ts";
import type { Subject } from "./subject.ts";
import { waitAgreementProbes } from "./wait-agreement.ts";

/** What isoload is asked of the runtimes in its catalogue. */
export function catalogueCases(): SelftestCase[] {
  return [
    ...deterministicProbes().map(caseOf),
    ...partitionedProbes().map(caseOf),
    ...againstIdealProbes().map(caseOf),
    ...freezeProbes().map(caseOf),
    ...waitAgreementProbes().map(caseOf),
    ...disturbedCases(),
    ...cheatingCases(),
  ];
}

/**
 * What is asked of a user's runtime: whether it conforms, and then what holds for one worker in whatever order it
 * polls. With several workers the truth would hang on how its scheduler shares work among them.
 */
export function userCases(subject: Subject): SelftestCase[] {
  const forOneWorker = knownLoads.filter(({ workerCount }) => workerCount === 1);
  return [
    conformingCase(subject),
    ...forOneWorker.map((known) => caseOf(allHeldProbe(known, subject))),
    caseOf(againstIdealProbe({ subject, workerCount: 1, hasOneQueue: false })),
    caseOf(freezeProbe(subject, 1)),
  ];
}
