/**
 * A second request beside one that takes long.
 *
 * @module
 */
import type { Lease } from "../balance/lease.ts";
import type { Clock } from "../clock.ts";
import type { AttemptOutcome } from "../request_attempt.ts";
import type { AttemptControl } from "./attempt_control.ts";
import { type AttemptResult, discard } from "./attempt_result.ts";

/** An attempt that is under way. */
export interface RunningAttempt {
  /** Where it goes. */
  readonly lease: Lease;
  /** Whether it was sent beside another one. */
  readonly hedge: boolean;
  /** Ends it. */
  readonly control: AttemptControl;
  /** What comes of it; never rejects. */
  readonly result: Promise<AttemptResult>;
}

/** How a race ended. */
export interface RaceResult {
  /** The attempt that decides: the first that was answered, or the last that was not. */
  readonly result: AttemptResult;
  /** How it ended. */
  readonly outcome: AttemptOutcome | undefined;
  /** The attempt that was slower, and was stopped. */
  readonly outpaced: RunningAttempt | undefined;
}

/**
 * Waits for an answer, and sends the request a second time when it takes too long ("The Tail at
 * Scale", Dean and Barroso). The first answer that is no refusal wins.
 *
 * @param first The attempt that is under way.
 * @param afterMs When the second one is sent, in milliseconds; `undefined` for never.
 * @param clock Time.
 * @param startSecond Sends the second one, or gives `undefined` when that is not possible.
 * @param conclude Called with every attempt that ends by itself; tells how it ended.
 * @returns How the race ended.
 */
export function raceHedge(
  first: RunningAttempt,
  afterMs: number | undefined,
  clock: Clock,
  startSecond: () => RunningAttempt | undefined,
  conclude: (result: AttemptResult) => AttemptOutcome | undefined,
): Promise<RaceResult> {
  return new Promise((resolve) => {
    const running = new Set<RunningAttempt>();
    const run = (attempt: RunningAttempt) => {
      running.add(attempt);
      void attempt.result.then((result) => {
        // One that was outpaced has no say any more.
        if (!running.delete(attempt)) return;
        const outcome = conclude(result);
        if (outcome !== "success" && running.size > 0) return discard(result.response);
        timer?.cancel();
        const [outpaced] = running;
        running.clear();
        outpaced?.control.abort(new DOMException("Another attempt was faster", "AbortError"));
        resolve({ result, outcome, outpaced });
      });
    };
    const timer = afterMs === undefined ? undefined : clock.start(() => {
      const second = startSecond();
      if (second !== undefined) run(second);
    }, afterMs);
    run(first);
  });
}
