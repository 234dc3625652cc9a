/**
 * An example of a runtime of one's own: each worker polls what it has in random order.
 *
 *     npx isoload run -w cpu-mix,block-k -t 2 -n 3 \
 *       -r runtimes/examples/random-order.mjs,runtimes/examples/random-order.mjs:take=64
 *
 * Before each poll it takes one id from outside, so that nothing waits there while the worker has enough of its own.
 * With take=64 it hoards. On cpu-mix that halves tasks/s, and why says scheduler: who looks first takes all 64 tasks in
 * flight, each successor becomes ready where its predecessor ended, and the other worker has nothing to do. On block-k
 * it is a blessing: the two callbacks that block are due at one instant, so as a rule they land in one bag and block
 * one worker twice; the other stays free, and most freezes are gone. A scheduler is good at a load, not as such.
 */
import { count, defineRuntime } from "isoload/runtime";

// biome-ignore lint/style/noDefaultExport: it is how a module says which runtime it is.
export default defineRuntime({
  name: "random-order",
  summary: "each worker polls the ids it has in random order; what comes from outside is shared",
  workers: "many",
  options: {
    take: count("ids that a worker takes from outside before each poll", { min: 1, max: 1e6, default: 1 }),
  },
  makeScheduler: ({ worker, options, takeInjected }) => {
    /** @type {number[]} */
    const bag = [];
    const take = Number(options.take);
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
        for (let taken = 0; taken < take; taken++) {
          const id = takeInjected();
          if (id < 0) break;
          bag.push(id);
        }
        return bag.length === 0 ? -1 : draw();
      },
    };
  },
});
