import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { monotonicNs } from "./clock.ts";
import { replyFrame, requestFrame } from "./echo-frame.ts";
import { FRAME_HEADER_BYTES, FrameParser } from "./frame-parser.ts";
import { type Peer, startPeer } from "./peer-process.ts";

const peers: Peer[] = [];
afterEach(() => {
  for (const peer of peers.splice(0)) peer.stop();
});

async function freshPeer(): Promise<Peer> {
  const peer = await startPeer();
  peers.push(peer);
  return peer;
}

interface Request {
  readonly tag: number;
  readonly payload: Uint8Array;
  readonly replyDelayNs?: number;
  readonly isWarmUp?: boolean;
}

interface Reply {
  readonly tag: number;
  readonly payload: Uint8Array;
  readonly receivedNs: number;
  readonly sentNs: number;
}

function encode({ tag, payload, replyDelayNs, isWarmUp }: Request): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(payload.length, requestFrame.offsetBytes.payloadBytes);
  bytes.writeUInt32LE(tag, requestFrame.offsetBytes.tag);
  bytes.writeDoubleLE(replyDelayNs ?? 0, requestFrame.offsetBytes.replyDelayNs);
  bytes.writeUInt32LE(isWarmUp === true ? 1 : 0, requestFrame.offsetBytes.warmUp);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** Sends all requests on one connection, in the given pieces, and answers the replies in order of arrival. */
async function exchange(socket: Socket, requests: readonly Request[], pieceBytes: number): Promise<Reply[]> {
  const replies: Reply[] = [];
  const all = new Promise<void>((resolve, reject) => {
    const parser = new FrameParser((words, doubles, payload) => {
      replies.push({
        tag: words[replyFrame.index.tag] as number,
        payload: Uint8Array.from(payload),
        receivedNs: doubles[replyFrame.index.receivedNs] as number,
        sentNs: doubles[replyFrame.index.sentNs] as number,
      });
      if (replies.length === requests.length) resolve();
    });
    socket.on("data", (chunk) => parser.read(chunk));
    socket.once("error", reject);
  });
  const bytes = Buffer.concat(requests.map(encode));
  for (let at = 0; at < bytes.length; at += pieceBytes) socket.write(bytes.subarray(at, at + pieceBytes));
  await all;
  return replies;
}

test("the peer echoes every payload, counts what is no warm-up and stamps receive and send", async () => {
  const peer = await freshPeer();
  const socket = connect({ host: "127.0.0.1", port: peer.port, noDelay: true });
  const requests: Request[] = Array.from({ length: 40 }, (_, tag) => ({
    tag,
    payload: Uint8Array.from({ length: tag * 300 }, (_, index) => index * tag),
    isWarmUp: tag % 4 === 0,
  }));
  const beforeNs = monotonicNs();
  const replies = await exchange(socket, requests, 777);
  const afterNs = monotonicNs();
  expect(replies.map(({ tag }) => tag)).toEqual(requests.map(({ tag }) => tag));
  for (const { tag, payload, receivedNs, sentNs } of replies) {
    expect(payload).toEqual(requests[tag]?.payload);
    expect(beforeNs <= receivedNs && receivedNs <= sentNs && sentNs <= afterNs).toBe(true);
  }
  const counted = requests.filter(({ isWarmUp }) => isWarmUp !== true);
  const bytes = counted.reduce((sum, { payload }) => sum + payload.length, 0);
  const report = await peer.report();
  expect(report).toMatchObject({ connectionCount: 1, requestCount: 30, bytesIn: bytes, bytesOut: bytes });
  expect(report.cpuNs).toBeGreaterThan(0);
  socket.destroy();
});

test("a reply delay is kept in full and holds up nobody else", async () => {
  const peer = await freshPeer();
  const socket = connect({ host: "127.0.0.1", port: peer.port, noDelay: true });
  const delaysNs = [20e6, 0.5e6, 7.3e6, 0];
  const requests = delaysNs.map((replyDelayNs, tag) => ({ tag, payload: new Uint8Array(10), replyDelayNs }));
  const replies = await exchange(socket, requests, 1e6);
  expect(replies.map(({ tag }) => tag)).toEqual([3, 1, 2, 0]);
  for (const { tag, receivedNs, sentNs } of replies) {
    expect(sentNs - receivedNs).toBeGreaterThanOrEqual(delaysNs[tag] as number);
  }
  socket.destroy();
});

test("the peer does not outlive a parent that is killed", async () => {
  const module = JSON.stringify(new URL("./peer-process.js", import.meta.url).href);
  const script = `const { startPeer } = await import(${module}); console.log((await startPeer()).pid);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
});

test("a peer that is gone is an error at once, not a wait", async () => {
  const peer = await freshPeer();
  peer.stop();
  await expect(peer.report()).rejects.toThrow("the echo peer ended: SIGKILL");
});

/** A process that has ended and waits for its parent to notice is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
