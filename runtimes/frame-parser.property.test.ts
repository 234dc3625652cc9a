import fc from "fast-check";
import { expect, test } from "vitest";
import { PAYLOAD_LIMIT_BYTES } from "../workloads/trace/payload.ts";
import { requestFrame } from "./echo-frame.ts";
import { FRAME_HEADER_BYTES, FrameParser } from "./frame-parser.ts";

interface Frame {
  readonly tag: number;
  readonly replyDelayNs: number;
  readonly payload: Uint8Array;
}

const frame: fc.Arbitrary<Frame> = fc.record({
  tag: fc.nat(),
  replyDelayNs: fc.double({ noNaN: true }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

function encode({ tag, replyDelayNs, payload }: Frame): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(payload.length, requestFrame.offsetBytes.payloadBytes);
  bytes.writeUInt32LE(tag, requestFrame.offsetBytes.tag);
  bytes.writeDoubleLE(replyDelayNs, requestFrame.offsetBytes.replyDelayNs);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

test("the frames come out as they went in, however the stream is split", () => {
  const splits = fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), splits, (frames, lengths) => {
      const stream = Buffer.concat(frames.map(encode));
      const seen: Frame[] = [];
      const parser = new FrameParser((words, doubles, payload) => {
        const tag = words[requestFrame.index.tag] as number;
        const replyDelayNs = doubles[requestFrame.index.replyDelayNs] as number;
        seen.push({ tag, replyDelayNs, payload: payload.slice() });
      });
      for (let at = 0, piece = 0; at < stream.length; piece++) {
        const length = Math.max(piece % 7, lengths[piece % lengths.length] as number);
        // The room is used again for the next piece, as a socket's is.
        const room = Uint8Array.from(stream.subarray(at, at + length));
        parser.read(room);
        room.fill(0xee);
        at += length;
      }
      expect(seen).toEqual(frames);
    }),
    { numRuns: 1000 },
  );
});

test("a header that announces more than any payload has is refused", () => {
  const parser = new FrameParser(() => undefined);
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(PAYLOAD_LIMIT_BYTES + 1, 0);
  expect(() => parser.read(header)).toThrow("announces 65537 bytes");
});
