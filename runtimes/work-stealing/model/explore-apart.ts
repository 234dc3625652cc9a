/** Explores cases on threads of their own, as many as there are cores: plain Node runs them faster than a test runner. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Exploration } from "./explore.ts";

/** A case by name, and its bound. */
export interface Request {
  readonly name: string;
  readonly preemptions: number;
}

/** Begins with all requests, in their order, and hands each exploration over when it is made. */
export async function exploreApart(
  requests: readonly Request[],
  onExplored: (name: string, exploration: Exploration) => void,
): Promise<void> {
  const left = [...requests];
  const serve = async (): Promise<void> => {
    const thread = new Worker(new URL("./explore-thread.js", import.meta.url));
    try {
      for (let request = left.shift(); request !== undefined; request = left.shift()) {
        thread.postMessage(request);
        // Rejects when the thread throws.
        const [exploration]: Exploration[] = await once(thread, "message");
        if (exploration !== undefined) onExplored(request.name, exploration);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, serve));
}
