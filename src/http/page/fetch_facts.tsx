/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * Balanced requests of this process to one service.
 *
 * @module
 */
import type { PoolStatus } from "../../balance/pool_status.ts";
import type { FetchMetrics } from "../metrics/fetch_metrics.ts";
import { formatNumber, formatShare } from "./format.ts";
import type { Html } from "./html.ts";

/** What is known of the requests. */
export interface FetchView {
  /** Attempts by outcome, the most frequent first; empty where nothing counts them. */
  readonly attempts: readonly { readonly outcome: string; readonly count: number }[];
  /** Retries that the budget still allows, where it is known. */
  readonly retryBudget: number | undefined;
  /** What the balancer knows. */
  readonly balance: PoolStatus;
}

/**
 * Collects what is known of the requests to a service.
 *
 * @param service Name of the service.
 * @param balance What the balancer knows.
 * @param metrics Counts of a balanced fetch, where there are any.
 * @returns `undefined` where this process sends the service no requests.
 */
export function fetchView(
  service: string,
  balance: PoolStatus,
  metrics: FetchMetrics | undefined,
): FetchView | undefined {
  const attempts = [...metrics?.attempts.entries ?? []]
    .filter(({ labels }) => labels.service === service)
    .map(({ labels: { outcome }, count }) => ({ outcome, count }))
    .sort((a, b) => b.count - a.count);
  const isBalanced = balance.pendingCount > 0 || balance.ejectedCount > 0 ||
    balance.endpoints.some(({ latencyMs, consecutiveFailureCount, ejectionCount }) =>
      latencyMs !== undefined || consecutiveFailureCount > 0 || ejectionCount > 0
    );
  if (attempts.length === 0 && !isBalanced) return undefined;
  return { attempts, retryBudget: metrics?.retryBudgets.get(service), balance };
}

// The caller changed its mind, or another attempt was faster: neither good nor bad.
const NEUTRAL: readonly string[] = ["aborted", "superseded"];

/** A card with the success rate and what is ejected. */
export function FetchFacts({ requests }: { requests: FetchView }): Html {
  const { attempts, retryBudget, balance } = requests;
  const judged = attempts.filter(({ outcome }) => !NEUTRAL.includes(outcome));
  const all = judged.reduce((sum, { count }) => sum + count, 0);
  const good = judged.find(({ outcome }) => outcome === "success")?.count ?? 0;
  const failed = attempts
    .filter(({ outcome }) => outcome !== "success")
    .map(({ outcome, count }) => `${formatNumber(count)} ${outcome.replaceAll("_", " ")}`);
  const facts: [string, string][] = [];
  if (all > 0) {
    facts.push(["Success rate", `${formatShare(good, all)} of ${formatNumber(all)} attempts`]);
  }
  if (failed.length > 0) facts.push(["Other outcomes", failed.join(", ")]);
  facts.push([
    "Ejected now",
    `${formatNumber(balance.ejectedCount)} of ${formatNumber(balance.endpoints.length)}${
      balance.panic ? ", ignored because too few are left" : ""
    }`,
  ]);
  facts.push(["In flight", formatNumber(balance.pendingCount)]);
  if (retryBudget !== undefined) {
    facts.push(["Retries allowed now", formatNumber(Math.floor(retryBudget))]);
  }
  return (
    <section class="card" id="requests" aria-labelledby="requests-title">
      <h2 id="requests-title">Requests of this process</h2>
      <dl class="facts">
        {facts.map(([term, text]) => (
          <div>
            <dt>{term}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
