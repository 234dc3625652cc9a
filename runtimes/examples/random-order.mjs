/**
 * An example of a runtime of one's own: each worker polls what it has in random order.
 *
 *     npx isoload run -w block-k -r runtimes/examples/random-order.mjs,work-stealing
 *
 * Random order is fair in the long run and in no other sense; and what a worker keeps at hand waits for it while it
 * is blocked, though another worker be free. Both show: compare wait p99 and the longest freeze, also at keep=1.
 */
import { count, defineRuntime } from "isoload/runtime";

// biome-ignore lint/style/noDefaultExport: it is how a module says which runtime it is.
export default defineRuntime({
  name: "random-order",
  summary: "each worker polls the ids it has in random order; what comes from outside is shared",
  workers: "many",
  options: {
    keep: count("ids that a worker keeps at hand, taken from outside", { min: 1, max: 1e6, default: 8 }),
  },
  makeScheduler: ({ worker, options, takeInjected }) => {
    /** @type {number[]} */
    const bag = [];
    const keep = Number(options.keep);
    let random = worker + 1;

    /** Takes one of the bag, each as likely as the others (xorshift32; Marsaglia, "Xorshift RNGs", 2003). */
    const draw = () => {
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
      const at = (random >>> 0) % bag.length;
      const last = bag.pop() ?? -1;
      if (at === bag.length) return last;
      const drawn = bag[at] ?? -1;
      bag[at] = last;
      return drawn;
    };

    return {
      ready: (id) => {
        bag.push(id);
      },
      next: () => {
        while (bag.length < keep) {
          const id = takeInjected();
          if (id < 0) break;
          bag.push(id);
        }
        return bag.length === 0 ? -1 : draw();
      },
    };
  },
});
