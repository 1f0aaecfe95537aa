/**
 * One question with a deadline.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Query, Reading, ReadOptions } from "../source/source.ts";
import type { WatchContext } from "./watch_context.ts";

/**
 * Asks the source once and gives up by itself, whatever the runtime's fetch does: a half-open
 * connection never answers and never fails.
 *
 * Consul adds up to a sixteenth to the wait ("Blocking Queries"), so the deadline of a blocking
 * query is wait + wait / 16 + `requestTimeoutMs`.
 *
 * @param context What all watchers share.
 * @param query What is asked.
 * @param question How it is asked.
 * @param signal Ends it.
 * @returns The answer.
 * @throws {PilotedError} `TIMEOUT` at the deadline, else what the source threw.
 * @throws The signal's own reason when it aborts.
 */
export function ask(
  context: WatchContext,
  query: Query,
  question: Omit<ReadOptions, "signal">,
  signal: AbortSignal,
): Promise<Reading> {
  const { clock, requestTimeoutMs, keepAlive } = context.options;
  const waitMs = question.waitMs ?? 0;
  const deadlineMs = waitMs + waitMs / 16 + requestTimeoutMs;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const attempt = new AbortController();
    const finish = () => {
      timer.cancel();
      signal.removeEventListener("abort", abort);
    };
    const abort = () => {
      finish();
      attempt.abort(signal.reason);
      reject(signal.reason);
    };
    const timer = clock.start(
      () => {
        signal.removeEventListener("abort", abort);
        const error = new PilotedError(
          "TIMEOUT",
          `Cannot read service ${JSON.stringify(query.service)}: no answer within ${
            Math.round(deadlineMs)
          } ms`,
          { service: query.service },
        );
        attempt.abort(error);
        reject(error);
      },
      deadlineMs,
      !keepAlive,
    );
    signal.addEventListener("abort", abort, { once: true });
    context.source.read(query, { ...question, signal: attempt.signal }).then(
      (reading) => {
        finish();
        resolve(reading);
      },
      (cause) => {
        finish();
        reject(cause);
      },
    );
  });
}
