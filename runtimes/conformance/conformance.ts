/**
 * The conformance table: a runtime executes every composition, is stopped in the middle and loses its peer, and the
 * records prove that it did the same work as all others. Callable from a program: a user's runtime goes through it
 * before it is measured.
 */
import { strict as assert } from "node:assert";
import { build } from "../../workloads/trace/build.ts";
import { ops } from "../../workloads/trace/op.ts";
import type { Composition } from "../../workloads/workload.ts";
import { opsPerformed, sumLanes } from "../lane-sums.ts";
import { type Peer, startPeer } from "../peer-process.ts";
import { recordsHeaderRow } from "../record.ts";
import { placeOf } from "../user/module-file.ts";
import { compositions } from "./compositions.ts";
import { atOnce, drive, left, oneClass, type Row, startOn, stream, within } from "./drive.ts";
import { violations } from "./violations.ts";

/** One row of the table. */
export interface ConformanceCase {
  /** A sentence that follows the runtime's name. */
  readonly title: string;
  /** Whether the case is run on a runtime in virtual time, too. */
  readonly virtual: boolean;
  /** What is wrong, a sentence each; empty: the runtime conforms. Rejects where it broke or did not come back. */
  readonly check: (row: Row, peer: Peer) => Promise<readonly string[]>;
}

/** Any seed would do; this one gives compositions with sizes and arrivals their traces. */
const SEED = 11;
const CANARIES = { periodNs: 1e6 };
const HOUR_NS = 3600e9;
/** How long a runtime may take to begin 50 tasks, or to send 8 requests, on a busy machine. */
const BEGIN_LIMIT_MS = 10_000;

export const conformanceCases: readonly ConformanceCase[] = [
  ...Object.entries(compositions).map(
    ([name, composition]): ConformanceCase => ({
      title: `does every task exactly once and the whole of it: ${name}`,
      virtual: true,
      check: (row, peer) => doesAll(composition, row, peer),
    }),
  ),
  {
    title: "a trial that is stopped in the middle ends, and nothing is done that is not",
    virtual: false,
    check: stopsInTheMiddle,
  },
  { title: "start rejects where nobody listens", virtual: false, check: startRejects },
  {
    title: "execute rejects when a connection dies in the middle of a trial",
    virtual: false,
    check: executeRejects,
  },
];

/** The cases that a runtime has to pass. */
export function casesFor({ runtime }: Row): readonly ConformanceCase[] {
  return conformanceCases.filter(({ virtual }) => virtual || runtime.time === "live");
}

export interface Conformance {
  readonly title: string;
  /** What is wrong, a sentence each; empty: the runtime conforms. */
  readonly wrong: readonly string[];
}

/**
 * Runs the table on a runtime, a case after the other; who iterates may stop at the first that fails. A runtime that
 * does not come back leaves threads behind, which end with the process.
 */
export async function* conformanceOf(row: Row): AsyncGenerator<Conformance> {
  const peer = await startPeer();
  try {
    for (const { title, check } of casesFor(row)) {
      yield { title, wrong: await check(row, peer).catch((error: unknown) => [sentenceOf(error)]) };
    }
  } finally {
    peer.stop();
  }
}

function sentenceOf(error: unknown): string {
  const place = placeOf(error);
  return `${error instanceof Error ? error.message : String(error)}${place === null ? "" : ` (${place})`}`;
}

async function doesAll(composition: Composition, row: Row, peer: Peer): Promise<readonly string[]> {
  const trace = build(composition, SEED, CANARIES);
  const before = await peer.report();
  const { records, stats } = await drive(row, trace, trace.connectionCount > 0 ? peer.port : null);
  const wrong = violations(trace, records);
  for (const [name, value] of Object.entries(stats)) {
    if (!(value >= 0)) wrong.push(`its own count of ${name} is ${value}`);
  }
  if (trace.connectionCount === 0 || row.runtime.time === "virtual") return wrong;
  const after = await peer.report();
  const connections = after.connectionCount - before.connectionCount;
  if (connections !== trace.connectionCount) {
    wrong.push(`it opened ${connections} of ${trace.connectionCount} connections`);
  }
  const requests = after.requestCount - before.requestCount;
  const echoes = opsPerformed(records).count[ops.echo.code];
  if (requests !== echoes) wrong.push(`the peer had ${requests} requests of ${echoes} echoes`);
  const [bytesIn, bytesOut] = [after.bytesIn - before.bytesIn, after.bytesOut - before.bytesOut];
  if (bytesIn !== bytesOut) wrong.push(`the peer was sent ${bytesIn} bytes and sent ${bytesOut}`);
  return wrong;
}

async function stopsInTheMiddle(row: Row): Promise<readonly string[]> {
  const trace = build(oneClass([stream(atOnce(50), [{ op: "sleep", ns: HOUR_NS }])]), 1, CANARIES);
  const { started, records } = await startOn(row, trace, null);
  const executed = started.execute();
  const begun = await within(BEGIN_LIMIT_MS, () => sumLanes(records, "started") >= 50);
  Atomics.store(records.headerI32, recordsHeaderRow.index.stop, 1);
  started.stop();
  await left(executed);
  const done = sumLanes(records, "done");
  return [
    ...(begun ? [] : [`${sumLanes(records, "started")} of 50 tasks were started`]),
    ...(done === 0 ? [] : [`${done} tasks are done that sleep for an hour`]),
  ];
}

async function startRejects(row: Row): Promise<readonly string[]> {
  const gone = await startPeer();
  gone.stop();
  await assert.rejects(gone.report(), /the echo peer ended/);
  const trace = build(
    oneClass([stream(atOnce(1), [{ op: "echo", bytes: 1, replyDelayNs: 0 }])], 0, 4),
    1,
    CANARIES,
  );
  return unlessRejected(startOn(row, trace, gone.port), /connection/, "start");
}

async function executeRejects(row: Row): Promise<readonly string[]> {
  const own = await startPeer();
  try {
    const hour = { op: "echo", bytes: 64, replyDelayNs: HOUR_NS } as const;
    const trace = build(oneClass([stream(atOnce(8), [hour])], 0, 4), 1, CANARIES);
    const { started, records } = await startOn(row, trace, own.port);
    const executed = started.execute();
    // Awaited below; a runtime that breaks earlier is no unhandled rejection.
    executed.catch(() => undefined);
    let received = 0;
    await within(BEGIN_LIMIT_MS, async () => {
      received = (await own.report()).requestCount;
      return received >= 8;
    });
    own.stop();
    const wrong = await unlessRejected(
      left(executed),
      /a connection to the echo peer (closed|broke)/,
      "execute",
    );
    if (wrong.length > 0) {
      Atomics.store(records.headerI32, recordsHeaderRow.index.stop, 1);
      started.stop();
    }
    return received === 8 ? wrong : [`the peer had ${received} of 8 requests`, ...wrong];
  } finally {
    own.stop();
  }
}

async function unlessRejected(
  attempt: Promise<unknown>,
  reason: RegExp,
  name: string,
): Promise<readonly string[]> {
  try {
    await attempt;
    return [`${name} succeeded where it had to fail`];
  } catch (error) {
    const sentence = sentenceOf(error);
    return reason.test(sentence) ? [] : [`${name} failed with another reason: ${sentence}`];
  }
}
