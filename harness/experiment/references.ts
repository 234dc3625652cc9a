/** What a run's trials are judged against: its traces, and the results of the reference for them. */
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { readExpected, readTrace, writeExpected } from "../store/store.ts";

/** Reads the traces and the reference's results of a run. */
export interface References {
  traceOf(traceHash: string): Trace;
  expectedOf(trace: Trace, traceHash: string): Uint32Array;
}

/**
 * References that keep what they computed beside the trace, for the holder of the run's lock.
 * One trace is held in memory: a round goes through all of them in random order, and they may be large.
 */
export function keptReferences(run: string): References {
  return {
    traceOf: lastOf((traceHash) => readTrace(run, traceHash)),
    expectedOf: (trace, traceHash) => {
      const kept = readExpected(run, traceHash);
      if (kept !== null) return kept;
      const checksums = referenceChecksums(trace);
      writeExpected(run, traceHash, checksums);
      return checksums;
    },
  };
}

/** References for a reader: what was kept, and computed in memory where it was not. */
export function readReferences(run: string): References {
  return {
    traceOf: lastOf((traceHash) => readTrace(run, traceHash)),
    expectedOf: (trace, traceHash) => readExpected(run, traceHash) ?? referenceChecksums(trace),
  };
}

/** References computed anew, so that nothing that was kept is believed. Writes nothing. */
export function freshReferences(run: string): References {
  return { traceOf: lastOf((traceHash) => readTrace(run, traceHash)), expectedOf: freshResults() };
}

/** The reference's results, computed once a trace. */
export function freshResults(): References["expectedOf"] {
  const expected = new Map<string, Uint32Array>();
  return (trace, traceHash) => {
    const checksums = expected.get(traceHash) ?? referenceChecksums(trace);
    expected.set(traceHash, checksums);
    return checksums;
  };
}

function lastOf<Value>(read: (key: string) => Value): (key: string) => Value {
  let last: { readonly key: string; readonly value: Value } | null = null;
  return (key) => {
    if (last?.key === key) return last.value;
    // Let go of the former before the next is read: each may take hundreds of megabytes.
    last = null;
    const value = read(key);
    last = { key, value };
    return value;
  };
}
