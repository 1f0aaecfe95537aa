/**
 * A second request in parallel to one that takes long.
 *
 * @module
 */
import type { Lease } from "../balance/lease.ts";
import type { Clock } from "../clock.ts";
import type { AttemptOutcome } from "../request_attempt.ts";
import { startDeadline } from "../wait.ts";
import type { AttemptControl } from "./attempt_control.ts";
import { type AttemptResult, discard } from "./attempt_result.ts";

/** An attempt in flight. */
export interface RunningAttempt {
  /** Its endpoint. */
  readonly lease: Lease;
  /** Whether it was sent in parallel to another one. */
  readonly hedge: boolean;
  /** Aborts it. */
  readonly control: AttemptControl;
  /** Its result; never rejects. */
  readonly result: Promise<AttemptResult>;
}

/** How a race ended. */
export interface RaceResult {
  /** The attempt that decides: the first that succeeded, or the last that failed. */
  readonly result: AttemptResult;
  /** How it ended. */
  readonly outcome: AttemptOutcome | undefined;
  /** The slower attempt, which was aborted. */
  readonly superseded: RunningAttempt | undefined;
}

/** What a race needs from its call. */
export interface RaceOptions {
  /** Source of the time. */
  readonly clock: Clock;
  /** When the second request is sent, in milliseconds; `undefined` for never. */
  readonly afterMs: number | undefined;
  /** Called when that timer fires late: the second request is then sent later, if at all. */
  readonly late: () => void;
  /** Sends the second request, or returns `undefined` when that is not possible. */
  readonly startSecond: () => RunningAttempt | undefined;
  /** Called with every attempt that ends by itself; returns how it ended. */
  readonly conclude: (result: AttemptResult) => AttemptOutcome | undefined;
}

/**
 * Waits for a response, and sends the request a second time when it takes too long ("The Tail at
 * Scale", Dean and Barroso). The first success wins.
 *
 * @param first The attempt in flight.
 * @param options Timer, and what to call.
 * @returns How the race ended.
 */
export function raceHedge(first: RunningAttempt, options: RaceOptions): Promise<RaceResult> {
  const { clock, afterMs, late, startSecond, conclude } = options;
  return new Promise((resolve) => {
    const running = new Set<RunningAttempt>();
    const run = (attempt: RunningAttempt) => {
      running.add(attempt);
      void attempt.result.then((result) => {
        // A superseded attempt no longer counts.
        if (!running.delete(attempt)) return;
        const outcome = conclude(result);
        if (outcome !== "success" && running.size > 0) return discard(result.response);
        timer?.cancel();
        const [superseded] = running;
        running.clear();
        superseded?.control.abort(new DOMException("Another attempt was faster", "AbortError"));
        resolve({ result, outcome, superseded });
      });
    };
    const timer = afterMs === undefined ? undefined : startDeadline(clock, afterMs, () => {
      const second = startSecond();
      if (second !== undefined) run(second);
    }, { late });
    run(first);
  });
}
