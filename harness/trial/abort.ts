/**
 * What ends a run from outside. An `AbortSignal` is one; these are words of our own, so that who uses the types needs
 * neither those of the DOM nor Node's.
 */
export interface Abort {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Throws the reason where it has been aborted. */
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
