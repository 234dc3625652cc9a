/** The kernel's id of the calling thread, by which its CPU time is found. */
import { readlinkSync } from "node:fs";

/** 0 where there is no /proc. */
export function currentThreadId(): number {
  try {
    // proc(5): thread-self links to <pid>/task/<tid>.
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}
