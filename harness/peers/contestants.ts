/** Who takes part, in the order in which they are shown. A pool is added in `pools/catalog.ts`. */
import { bareTokio, bareTokioWithoutLifo } from "./bare-tokio.ts";
import type { Contestant } from "./contestant.ts";
import { poolContestant } from "./pool-contestant.ts";
import { pools } from "./pools/catalog.ts";
import { referenceModel } from "./reference-model.ts";
import { throughIsoload } from "./through-isoload.ts";

export const contestants: readonly Contestant[] = [
  ...throughIsoload,
  bareTokio,
  bareTokioWithoutLifo,
  ...pools.map(poolContestant),
  referenceModel,
];
