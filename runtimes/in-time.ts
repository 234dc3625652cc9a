/** Waiting that has an end. */

/** What `work` comes to; rejects with `failure` where that takes longer than `limitMs`. `work` itself goes on. */
export async function inTime<Value>(work: Promise<Value>, limitMs: number, failure: string): Promise<Value> {
  let limit: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(failure)), limitMs);
  });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(limit);
  }
}
