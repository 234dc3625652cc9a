/**
 * The frames between a runtime and the echo peer: little-endian headers, each followed by the payload.
 *
 * Many requests may be under way on one connection; the tag says which reply is whose.
 */
import { type Layout, layout } from "../workloads/trace/layout.ts";

export const requestFrame: Layout<"payloadBytes" | "tag" | "replyDelayNs" | "warmUp" | "reserved"> = layout(
  "RequestFrame",
  {
    payloadBytes: "u32",
    /** Task id; comes back with the reply. */
    tag: "u32",
    /** How long the peer keeps the request before it replies. */
    replyDelayNs: "f64",
    /** 1: the peer answers it and leaves it out of its counts. */
    warmUp: "u32",
    reserved: "u32",
  },
);

export const replyFrame: Layout<"payloadBytes" | "tag" | "receivedNs" | "sentNs"> = layout("ReplyFrame", {
  payloadBytes: "u32",
  tag: "u32",
  /** When the peer had the whole request, and when it wrote the reply: CLOCK_MONOTONIC, ns. */
  receivedNs: "f64",
  sentNs: "f64",
});
