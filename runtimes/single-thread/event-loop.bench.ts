/**
 * Whether an event loop on a worker thread is as fast as the main thread's: the runtime `single-thread` has its
 * loop on a worker, because the main thread belongs to the witness. Interleaved; expected ratio: 1.
 */
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const ROUNDS = 15;
const IMMEDIATES = 200_000;
const ROUND_TRIPS = 5_000;

interface Sample {
  readonly immediatesPerSecond: number;
  readonly roundTripsPerSecond: number;
}

async function immediates(): Promise<number> {
  const start = process.hrtime.bigint();
  await new Promise<void>((resolve) => {
    let left = IMMEDIATES;
    const turn = (): void => {
      if (--left === 0) resolve();
      else setImmediate(turn);
    };
    setImmediate(turn);
  });
  return IMMEDIATES / (Number(process.hrtime.bigint() - start) / 1e9);
}

/** 64 bytes to and fro over loopback, both ends on this loop. */
async function roundTrips(): Promise<number> {
  const server = createServer((socket: Socket) => socket.setNoDelay(true).pipe(socket)).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const client = createConnection(address.port, "127.0.0.1").setNoDelay(true);
  await once(client, "connect");
  const payload = Buffer.alloc(64);
  const start = process.hrtime.bigint();
  await new Promise<void>((resolve) => {
    let left = ROUND_TRIPS;
    let missingBytes = payload.length;
    client.on("data", (chunk: Buffer) => {
      missingBytes -= chunk.length;
      if (missingBytes > 0) return;
      missingBytes = payload.length;
      if (--left === 0) resolve();
      else client.write(payload);
    });
    client.write(payload);
  });
  const perSecond = ROUND_TRIPS / (Number(process.hrtime.bigint() - start) / 1e9);
  client.destroy();
  server.close();
  return perSecond;
}

async function sample(): Promise<Sample> {
  return { immediatesPerSecond: await immediates(), roundTripsPerSecond: await roundTrips() };
}

async function compare(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url));
  const onWorker = async (): Promise<Sample> => {
    worker.postMessage(0);
    const [answer]: Sample[] = await once(worker, "message");
    if (answer === undefined) throw new Error("the worker said nothing");
    return answer;
  };
  const pairs: { main: Sample; worker: Sample }[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const pair = { worker: await onWorker(), main: await sample() };
    if (round >= 0) pairs.push(pair);
  }
  await worker.terminate();
  for (const figure of ["immediatesPerSecond", "roundTripsPerSecond"] as const) {
    const ratios = pairs.map((pair) => pair.worker[figure] / pair.main[figure]).sort((a, b) => a - b);
    const at = (share: number): string =>
      (ratios[Math.floor(share * (ratios.length - 1))] as number).toFixed(2);
    console.log(
      `${figure}, worker / main thread: median ${at(0.5)}, quartiles ${at(0.25)}–${at(0.75)}, n = ${ROUNDS} pairs`,
    );
  }
}

if (isMainThread) await compare();
else parentPort?.on("message", async () => parentPort?.postMessage(await sample()));
