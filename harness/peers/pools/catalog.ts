/** The pools of the bench, in the order in which they are shown. */
import { batchedPiscina, piscina } from "./piscina.ts";
import type { Pool } from "./pool.ts";
import { poolifier } from "./poolifier.ts";
import { tinypool } from "./tinypool.ts";
import { workerpool } from "./workerpool.ts";

export const pools: readonly Pool[] = [piscina, batchedPiscina, tinypool, poolifier, workerpool];
