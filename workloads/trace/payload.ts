/** What an echo sends and gets back: a fixed pattern keyed by the op's seed, and its CRC-32 as the op's result. */
import { crc32 } from "node:zlib";
import { payloadByte } from "./kernel.ts";

/** The largest payload of an echo. */
export const PAYLOAD_LIMIT_BYTES = 65_536;

const pattern: Uint8Array = Uint8Array.from({ length: PAYLOAD_LIMIT_BYTES }, (_, index) =>
  payloadByte(0, index),
);

/** Writes the payload for `seed` over all of `target`. */
export function fillPayload(target: Uint8Array, seed: number): void {
  target.set(pattern.subarray(0, target.length));
  for (let index = 0; index < Math.min(4, target.length); index++) target[index] = payloadByte(seed, index);
}

/** The result of an echo: CRC-32 (IEEE 802.3) of what came back. */
export function payloadResult(received: Uint8Array): number {
  return crc32(received);
}
