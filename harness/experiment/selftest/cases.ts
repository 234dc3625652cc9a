/** Every case of the selftest, in the order in which they are run: one line a family. */
import { againstIdealCase, againstIdealCases } from "./against-ideal.ts";
import type { SelftestCase } from "./case.ts";
import { conformingCase } from "./conforming.ts";
import { allHeldCase, deterministicCases, knownLoads } from "./deterministic.ts";
import { disturbedCases } from "./disturbed.ts";
import { freezeCase, freezeCases } from "./freeze.ts";
import { partitionedCases } from "./partitioned.ts";
import type { Subject } from "./subject.ts";
import { waitAgreementCases } from "./wait-agreement.ts";

/** What isoload is asked of the runtimes in its catalogue. */
export function catalogueCases(): SelftestCase[] {
  return [
    ...deterministicCases(),
    ...partitionedCases(),
    ...againstIdealCases(),
    ...freezeCases(),
    ...waitAgreementCases(),
    ...disturbedCases(),
  ];
}

/**
 * What is asked of a user's runtime: whether it conforms, and then what holds for one worker in whatever order it
 * polls. With several workers the truth would hang on how its scheduler shares work among them.
 */
export function userCases(subject: Subject): SelftestCase[] {
  return [
    conformingCase(subject),
    ...knownLoads.filter(({ workerCount }) => workerCount === 1).map((known) => allHeldCase(known, subject)),
    againstIdealCase({ subject, workerCount: 1, hasOneQueue: false }),
    freezeCase(subject, 1),
  ];
}
