/**
 * Leases of gRPC calls.
 *
 * @module
 */
import { type experimental, status } from "@grpc/grpc-js";
import type { Lease, Outcome } from "../../balance/lease.ts";
import { systemClock } from "../../clock.ts";

// gRPC says nothing about a call that was given up between its pick and its start.
const START_MS = 10_000;
// A call that takes longer is a stream, whose life is no latency.
const STREAM_MS = 10_000;

const FAILURES: readonly number[] = [
  status.UNAVAILABLE,
  status.INTERNAL,
  status.UNKNOWN,
  status.DATA_LOSS,
];

// Decided by the caller, or says that the endpoint works and nothing about its latency.
const UNKNOWN: readonly number[] = [
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
];

/** Releases the lease of each call when it has ended. */
export class CallLeases {
  readonly #unstarted = new Set<Lease>();

  /**
   * Ties a lease to a picked call.
   *
   * @param lease The lease.
   * @param result What was picked.
   * @returns The same, with what releases the lease.
   */
  follow(lease: Lease, result: experimental.PickResult): experimental.PickResult {
    this.#sweep(lease.startedAt);
    this.#unstarted.add(lease);
    return {
      ...result,
      onCallStarted: () => {
        this.#unstarted.delete(lease);
        result.onCallStarted?.();
      },
      onCallEnded: (code, details, metadata) => {
        this.#unstarted.delete(lease);
        lease.release(outcomeOf(code, systemClock.now() - lease.startedAt));
        result.onCallEnded?.(code, details, metadata);
      },
    } as experimental.PickResult;
  }

  /** Releases what was never started. */
  close(): void {
    this.#sweep(Infinity);
  }

  #sweep(now: number): void {
    for (const lease of this.#unstarted) {
      if (now - lease.startedAt < START_MS) return;
      this.#unstarted.delete(lease);
      lease.release("unknown");
    }
  }
}

function outcomeOf(code: number, durationMs: number): Outcome {
  if (FAILURES.includes(code)) return "failure";
  return UNKNOWN.includes(code) || durationMs > STREAM_MS ? "unknown" : "success";
}
