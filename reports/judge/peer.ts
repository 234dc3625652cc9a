/** The echo peer's own counts against what the trace implies: the replies came from it. */
import type { PeerReport } from "../../harness/trial/trial.ts";
import { ECHO } from "../../workloads/trace/op.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import type { ImpliedOps } from "./nominal.ts";

export function brokenPeer(
  trace: Trace,
  peer: PeerReport,
  implied: { readonly done: ImpliedOps; readonly planned: ImpliedOps },
): string[] {
  const broken: string[] = [];
  if (peer.connectionCount !== trace.connectionCount) {
    broken.push(
      `the peer saw ${peer.connectionCount} connections and the trace has ${trace.connectionCount}`,
    );
  }
  const compare = (what: string, counted: number, low: number, high: number): void => {
    if (counted >= low && counted <= high) return;
    broken.push(`the peer counted ${counted} ${what} and the tasks that are done imply ${low}`);
  };
  const { done, planned } = implied;
  compare("requests", peer.requestCount, done.count[ECHO] as number, planned.count[ECHO] as number);
  compare("bytes in", peer.bytesIn, done.echoBytes, planned.echoBytes);
  compare("bytes out", peer.bytesOut, done.echoBytes, planned.echoBytes);
  return broken;
}
