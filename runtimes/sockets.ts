/**
 * A worker's connections to the echo peer, on Node's own sockets.
 *
 * Any number of requests may be under way on each; a request goes out at once on the next connection in turn.
 * A connection that fails or closes while it is in use ends the worker with an error, and so the trial.
 */
import { strict as assert } from "node:assert";
import { connect, type Socket } from "node:net";
import { fillPayload, payloadResult } from "../workloads/trace/payload.ts";
import { replyFrame, requestFrame } from "./echo-frame.ts";
import { FRAME_HEADER_BYTES, FrameParser } from "./frame-parser.ts";
import type { EchoRequest } from "./interpreter.ts";

/** Connections that one worker opens at a time: a listener's queue is finite. */
const OPENING_LIMIT = 64;
/** All connections of a worker read into the same room, one after the other. */
const READ_BYTES = 131_072;

/** `sentNs` is when the peer wrote the reply, on CLOCK_MONOTONIC; `result` is the payload's. */
export type OnReply = (task: number, sentNs: number, result: number) => void;

export class Sockets {
  /** Requests without their reply. */
  pendingCount = 0;
  /** Who takes the replies now. */
  onReply: OnReply = () => assert.fail("a reply before any request");
  /** Whether the peer leaves the requests out of its counts. */
  isWarmUp = true;

  readonly #port: number;
  readonly #sockets: Socket[] = [];
  readonly #room: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #next = 0;
  #isClosing = false;

  /** Opens `count` connections to the peer on `port`; rejects if a single one fails. */
  static async open(port: number, count: number): Promise<Sockets> {
    const sockets = new Sockets(port);
    for (let opened = 0; opened < count; opened += OPENING_LIMIT) {
      const openings = Array.from({ length: Math.min(OPENING_LIMIT, count - opened) }, () => sockets.#open());
      sockets.#sockets.push(...(await Promise.all(openings)));
    }
    return sockets;
  }

  private constructor(port: number) {
    this.#port = port;
  }

  /** Sends the request of `task`; its reply goes to `onReply`. */
  send(task: number, { seed, bytes, replyDelayNs }: EchoRequest): void {
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + bytes);
    const at = requestFrame.offsetBytes;
    frame.writeUInt32LE(bytes, at.payloadBytes);
    frame.writeUInt32LE(task, at.tag);
    frame.writeDoubleLE(replyDelayNs, at.replyDelayNs);
    frame.writeUInt32LE(this.isWarmUp ? 1 : 0, at.warmUp);
    frame.writeUInt32LE(0, at.reserved);
    fillPayload(frame.subarray(FRAME_HEADER_BYTES), seed);
    const socket = this.#sockets[this.#next];
    assert(socket !== undefined, "an echo in a runtime without connections");
    this.#next = (this.#next + 1) % this.#sockets.length;
    this.pendingCount++;
    socket.write(frame);
  }

  /** Ends all connections. Their end is no failure any more. */
  close(): void {
    this.#isClosing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const parser = new FrameParser((headerU32, headerF64, payload) => {
        this.pendingCount--;
        assert(this.pendingCount >= 0, "the peer replied without a request");
        const task = headerU32[replyFrame.index.tag] as number;
        this.onReply(task, headerF64[replyFrame.index.sentNs] as number, payloadResult(payload));
      });
      const socket = connect({
        host: "127.0.0.1",
        port: this.#port,
        noDelay: true,
        onread: {
          buffer: this.#room,
          callback: (bytes, room) => {
            parser.read(room.subarray(0, bytes));
            return true;
          },
        },
      });
      let isOpen = false;
      let cause: Error | null = null;
      socket.once("connect", () => {
        isOpen = true;
        resolve(socket);
      });
      socket.once("error", (error) => {
        cause = error;
      });
      socket.once("close", () => {
        if (this.#isClosing) return;
        const message = isOpen ? "a connection to the echo peer closed" : "no connection to the echo peer";
        const failure = new Error(cause === null ? message : `${message}: ${cause.message}`);
        if (!isOpen) reject(failure);
        else throw failure;
      });
    });
  }
}
