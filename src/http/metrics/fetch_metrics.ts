/**
 * Metrics of a balanced fetch in the same process.
 *
 * @module
 */
import type { FetchCall, FetchCallObserver, FetchObserver } from "../../fetch/fetch_observer.ts";
import { LabelledCounter } from "./labelled_counter.ts";

/**
 * Counts requests and attempts of `createFetch()`, and keeps what is left of the retry budgets.
 * Give it to `createFetch()` as `observer` and to `routes()` or `service()` as `fetchMetrics`.
 *
 * @example
 * ```ts
 * import { createFetch, createPiloted } from "@piloted/core";
 * import { FetchMetrics, routes } from "@piloted/core/hono";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "consul:8500", watches: [{ name: "customers", interval: 10 }] },
 *   fetch: consul.fetch,
 * });
 * const observer = new FetchMetrics();
 * const fetch = createFetch(piloted, {
 *   observer,
 *   fetch: () => Promise.resolve(new Response()), // leave it out for the runtime's own fetch
 * });
 * await fetch("http://customers/");
 * const metrics = await routes(piloted, { fetchMetrics: observer }).request("/metrics");
 * assertStringIncludes(await metrics.text(), 'piloted_fetch_attempts_total{service="customers"');
 * ```
 */
export class FetchMetrics implements FetchObserver {
  /** Calls by service and outcome: `success` when there was a response, else `failed`. */
  readonly requests: LabelledCounter<"service" | "outcome"> = new LabelledCounter();
  /**
   * Attempts by service and outcome: `success`, `rejected`, `connect_failed`, `reset`, `timeout`,
   * `aborted` or `superseded`.
   */
  readonly attempts: LabelledCounter<"service" | "outcome"> = new LabelledCounter();
  /** Retries that the budget of each service allows after its last request. */
  readonly retryBudgets: Map<string, number> = new Map();

  /**
   * Counts a call and its attempts as they end.
   *
   * @param call The call.
   * @returns Its observer.
   */
  started({ service }: FetchCall): FetchCallObserver {
    return {
      attempted: ({ outcome }) => this.attempts.add({ service, outcome }),
      ended: ({ response, availableRetryCount }) => {
        this.retryBudgets.set(service, availableRetryCount);
        this.requests.add({ service, outcome: response === undefined ? "failed" : "success" });
      },
    };
  }
}
