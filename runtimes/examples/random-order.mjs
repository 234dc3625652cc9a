/**
 * An example of a runtime of one's own: each worker polls what it has in random order.
 *
 *     npx isoload run -w block-k -r runtimes/examples/random-order.mjs,work-stealing
 *
 * Random order is fair in the long run and in no other sense: compare its wait p99 with that of a queue.
 */
import { count, defineRuntime } from "isoload/runtime";

// biome-ignore lint/style/noDefaultExport: it is how a module says which runtime it is.
export default defineRuntime({
  name: "random-order",
  summary: "each worker polls the ids it has in random order; what comes from outside is shared",
  workers: "many",
  options: {
    hoard: count("ids that a worker takes from outside while it has others", {
      min: 0,
      max: 1e6,
      default: 1,
    }),
  },
  makeScheduler: ({ worker, options, takeInjected }) => {
    /** @type {number[]} */
    const bag = [];
    const hoard = Number(options.hoard);
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
        if (bag.length === 0) return takeInjected();
        for (let taken = 0; taken < hoard; taken++) {
          const id = takeInjected();
          if (id < 0) break;
          bag.push(id);
        }
        return draw();
      },
    };
  },
});
