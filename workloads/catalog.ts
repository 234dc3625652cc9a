/** Every workload, one line each. */
import { blockK } from "./block-k.ts";
import { cpuMix } from "./cpu-mix.ts";
import { nullWorkload } from "./null.ts";
import { tcpEcho } from "./tcp-echo.ts";
import type { Workload } from "./workload.ts";

export const workloads: readonly Workload[] = [nullWorkload, tcpEcho, cpuMix, blockK];
