/**
 * Cuts a byte stream into frames of a 24-byte header and its payload, however the stream was split.
 *
 * A payload that came in one piece is handed on where it lies; of one that came in pieces each byte is copied
 * once. Header and payload are valid only during the call.
 */
import { strict as assert } from "node:assert";
import { PAYLOAD_LIMIT_BYTES } from "../workloads/trace/payload.ts";
import { replyFrame, requestFrame } from "./echo-frame.ts";

/** Requests and replies have headers of the same length, and both start with the length of the payload. */
export const FRAME_HEADER_BYTES: number = requestFrame.strideBytes;
assert(replyFrame.strideBytes === FRAME_HEADER_BYTES);
assert(requestFrame.index.payloadBytes === 0 && replyFrame.index.payloadBytes === 0);

/** The header in views of both widths; see `echo-frame.ts` for the fields. */
export type OnFrame = (headerU32: Uint32Array, headerF64: Float64Array, payload: Uint8Array) => void;

export class FrameParser {
  readonly #onFrame: OnFrame;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  readonly #headerU32 = new Uint32Array(this.#header.buffer);
  readonly #headerF64 = new Float64Array(this.#header.buffer);
  #headerFilled = 0;
  /** Room for a payload that comes in pieces. */
  #payload = new Uint8Array(0);
  #payloadFilled = 0;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes of the stream. */
  read(chunk: Uint8Array): void {
    let at = 0;
    for (;;) {
      at = this.#readHeader(chunk, at);
      if (this.#headerFilled < FRAME_HEADER_BYTES) return;
      const payloadBytes = this.#headerU32[0] as number;
      const missing = payloadBytes - this.#payloadFilled;
      if (this.#payloadFilled === 0 && chunk.length - at >= missing) {
        this.#emit(chunk.subarray(at, at + missing));
        at += missing;
        continue;
      }
      const taken = Math.min(missing, chunk.length - at);
      if (this.#payload.length < payloadBytes) this.#payload = new Uint8Array(payloadBytes);
      this.#payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
      this.#payloadFilled += taken;
      at += taken;
      if (this.#payloadFilled < payloadBytes) return;
      this.#emit(this.#payload.subarray(0, payloadBytes));
    }
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.length - at);
    if (taken === 0) return at;
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === FRAME_HEADER_BYTES) {
      const payloadBytes = this.#headerU32[0] as number;
      assert(payloadBytes <= PAYLOAD_LIMIT_BYTES, `a frame announces ${payloadBytes} bytes of payload`);
    }
    return at + taken;
  }

  #emit(payload: Uint8Array): void {
    this.#headerFilled = 0;
    this.#payloadFilled = 0;
    this.#onFrame(this.#headerU32, this.#headerF64, payload);
  }
}
