/**
 * How late the kernel may end a thread's sleeps by its own choice: 50 µs by default (prctl(2), PR_SET_TIMERSLACK).
 * The releaser asks for less, or its sleeps would be the load's own lateness. Workers keep the default, as in
 * production.
 */
import { writeFileSync } from "node:fs";
import { currentThreadId } from "./thread-id.ts";

/** Of the calling thread. Without /proc the default stays, and shows as lag. */
export function setTimerSlack(slackNs: number): void {
  try {
    // proc(5): the file of a thread id concerns that thread only.
    writeFileSync(`/proc/${currentThreadId()}/timerslack_ns`, String(slackNs));
  } catch {
    // No /proc, or a sandbox that makes it read-only: releases are some 50 µs later, and lagNs says so.
  }
}
