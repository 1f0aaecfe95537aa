/**
 * What a balanced fetch of the same process does, counted for metrics.
 *
 * @module
 */
import type { FetchCall, FetchCallObserver, FetchObserver } from "../fetch/fetch_observer.ts";
import { Counts } from "./tally.ts";

/**
 * Counts requests and attempts of `createFetch()`, and keeps what is left of the retry budgets.
 *
 * @example
 * ```ts
 * import { createFetch, createPiloted } from "@piloted/core";
 * import { FetchTally, routes } from "@piloted/core/hono";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "consul:8500", watches: [{ name: "customers", interval: 10 }] },
 *   fetch: consul.fetch,
 * });
 * const observer = new FetchTally();
 * const fetch = createFetch(piloted, {
 *   observer,
 *   fetch: () => Promise.resolve(new Response()), // only here: the runtime's own
 * });
 * await fetch("http://customers/");
 * const metrics = await routes(piloted, { fetchTally: observer }).request("/metrics");
 * assertStringIncludes(await metrics.text(), 'piloted_fetch_attempts_total{service="customers"');
 * ```
 */
export class FetchTally implements FetchObserver {
  /** Calls by service and how they ended: `success` or `failed`. */
  readonly requests: Counts<"service" | "outcome"> = new Counts();
  /** Attempts by service and how they ended. */
  readonly attempts: Counts<"service" | "outcome"> = new Counts();
  /** Retries that each service might still get after its last request. */
  readonly retryBudgets: Map<string, number> = new Map();

  /** Counts a call and its attempts as they end. */
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
