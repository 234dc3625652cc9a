/**
 * The measurement: every contestant at every shape once a round, in an order that a seed shuffles anew each
 * round, so that no contestant always comes first, last or after the same one.
 */
import { type Random, randomStream } from "../../workloads/trace/random.ts";
import { type Contestant, Fault } from "./contestant.ts";
import type { Answer, Figures } from "./job.ts";
import { jobOf, type Shape, type Size } from "./shapes.ts";
import type { Work, Workshop } from "./work.ts";

/** One contestant at one shape in one round. A fault is a row like any other. */
export type Row = {
  readonly round: number;
  readonly shape: string;
  readonly contestant: string;
} & Outcome;

export type Outcome =
  | { readonly outcome: "measured"; readonly figures: Figures }
  | { readonly outcome: "failed" | "absent"; readonly because: string };

export interface Measurement {
  readonly contestants: readonly Contestant[];
  readonly shapes: readonly Shape[];
  readonly size: Size;
  readonly roundCount: number;
  readonly seed: number;
  readonly unitNs: number;
  readonly workshop: Workshop;
  /** Why contestants cannot take part, by name. */
  readonly absent: ReadonlyMap<string, string>;
  readonly onProgress: (text: string) => void;
}

export async function measureRounds(measurement: Measurement): Promise<Row[]> {
  const { shapes, roundCount, seed, onProgress } = measurement;
  const random = randomStream(seed, "order of the peers");
  const rows: Row[] = [];
  for (let round = 0; round < roundCount; round++) {
    for (const shape of shuffled(shapes, random)) {
      onProgress(`round ${round + 1} of ${roundCount}: ${shape.name}`);
      for (const contestant of shuffled(entrantsOf(shape, measurement.contestants), random)) {
        const outcome = await outcomeOf(contestant, shape, measurement);
        rows.push({ round, shape: shape.name, contestant: contestant.name, ...outcome });
        if (outcome.outcome === "failed") onProgress(`${contestant.name} failed: ${outcome.because}`);
      }
    }
  }
  return rows;
}

/** Who enters `shape`, in the order of the catalogue. */
export function entrantsOf(shape: Shape, contestants: readonly Contestant[]): Contestant[] {
  return contestants.filter(
    ({ family, only }) => shape.families.includes(family) && (only === null || only.includes(shape.name)),
  );
}

async function outcomeOf(contestant: Contestant, shape: Shape, measurement: Measurement): Promise<Outcome> {
  const { size, unitNs, workshop } = measurement;
  const absent = measurement.absent.get(contestant.name);
  if (absent !== undefined) return { outcome: "absent", because: absent };
  const work = workshop.workFor(jobOf(shape, { family: contestant.family, size, unitNs }));
  return await measureOne(contestant, work);
}

/** Figures count only where all of the work was done, once, with the right results. */
export async function measureOne(contestant: Contestant, work: Work): Promise<Outcome> {
  let answer: Answer;
  try {
    answer = await contestant.run(work);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { outcome: "failed", because: error.message };
  }
  const { taskCount } = work.job;
  if (answer.doneCount !== taskCount) {
    return { outcome: "failed", because: `${answer.doneCount} of ${taskCount} tasks are done` };
  }
  if (answer.digest !== work.digest) {
    return {
      outcome: "failed",
      because: `its results' digest is ${answer.digest}, the reference's ${work.digest}`,
    };
  }
  const broken = Object.entries(answer.figures).find(([, figure]) => !Number.isFinite(figure));
  if (broken !== undefined) return { outcome: "failed", because: `its ${broken[0]} is ${broken[1]}` };
  return { outcome: "measured", figures: answer.figures };
}

/** Fisher and Yates's shuffle (Durstenfeld, Algorithm 235, CACM 1964). */
function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
