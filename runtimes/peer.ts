/**
 * The echo peer: the entry of a process of its own that answers the requests of a trial over loopback TCP.
 *
 * On standard output it first says `{"port":…}`; to each line "report" on standard input it answers one line
 * with its counts. It ends when standard input ends, so it cannot outlive its parent.
 */
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { monotonicNs } from "./clock.ts";
import { replyFrame, requestFrame } from "./echo-frame.ts";
import { FRAME_HEADER_BYTES, FrameParser } from "./frame-parser.ts";

/** Connections that may wait to be accepted; the kernel may allow fewer. */
const BACKLOG = 16_384;

/** Payload bytes, warm-up excluded; `cpuNs` is the process's CPU time since its start. */
const counts = { connectionCount: 0, requestCount: 0, bytesIn: 0, bytesOut: 0 };

const server = createServer({ noDelay: true }, (socket) => {
  counts.connectionCount++;
  const parser = new FrameParser((headerU32, headerF64, payload) => {
    const receivedNs = monotonicNs();
    const isCounted = headerU32[requestFrame.index.warmUp] === 0;
    if (isCounted) {
      counts.requestCount++;
      counts.bytesIn += payload.length;
    }
    const reply = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
    reply.writeUInt32LE(payload.length, replyFrame.offsetBytes.payloadBytes);
    reply.writeUInt32LE(headerU32[requestFrame.index.tag] as number, replyFrame.offsetBytes.tag);
    reply.writeDoubleLE(receivedNs, replyFrame.offsetBytes.receivedNs);
    reply.set(payload, FRAME_HEADER_BYTES);
    const dueNs = receivedNs + (headerF64[requestFrame.index.replyDelayNs] as number);
    sendAt(dueNs, receivedNs, () => {
      sendReply(socket, reply);
      if (isCounted) counts.bytesOut += payload.length;
    });
  });
  socket.on("data", (chunk) => parser.read(chunk));
  // A trial that is cut off or dies resets its connections; that is no failure of the peer.
  socket.on("error", () => socket.destroy());
});

/** Calls `send` once `dueNs` has passed, never before: Node's timers may fire up to a millisecond early. */
function sendAt(dueNs: number, nowNs: number, send: () => void): void {
  if (nowNs >= dueNs) send();
  else setTimeout(() => sendAt(dueNs, monotonicNs(), send), Math.ceil((dueNs - nowNs) / 1e6));
}

function sendReply(socket: Socket, reply: Buffer): void {
  if (!socket.writable) return;
  reply.writeDoubleLE(monotonicNs(), replyFrame.offsetBytes.sentNs);
  socket.write(reply);
}

server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the peer has no port");
  process.stdout.write(`${JSON.stringify({ port: address.port })}\n`);
});

const commands = createInterface({ input: process.stdin });
commands.on("line", (line) => {
  if (line !== "report") throw new Error(`the peer knows the command "report"; this was "${line}"`);
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ ...counts, cpuNs: (user + system) * 1e3 })}\n`);
});
commands.on("close", () => process.exit(0));
