/**
 * Calling an observer so that its errors cannot disturb a request.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { RetryBudget } from "./retry_budget.ts";
import type { FetchCall, FetchCallObserver, FetchEnd, FetchObserver } from "./fetch_observer.ts";

/**
 * Runs a call and reports its start and its end.
 *
 * @param observer The observer.
 * @param call The call.
 * @param clock Source of the time.
 * @param budget Retry budget of the service.
 * @param send Runs it, and reports its attempts.
 * @returns What it returns.
 * @throws What it throws.
 */
export async function observeCall(
  observer: FetchObserver,
  call: FetchCall,
  clock: Clock,
  budget: RetryBudget,
  send: (observer: FetchCallObserver) => Promise<Response>,
): Promise<Response> {
  const told = quietly(() => observer.started(call));
  const tell = (end: Pick<FetchEnd, "response" | "error">) =>
    quietly(() => {
      const now = clock.now();
      const availableRetryCount = budget.available(now);
      told?.ended({ ...end, durationMs: now - call.startedAt, availableRetryCount });
    });
  try {
    const response = await send({
      attempted: (attempt) => quietly(() => told?.attempted(attempt)),
      ended: () => {},
    });
    tell({ response });
    return response;
  } catch (error) {
    tell({ error });
    throw error;
  }
}

function quietly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
