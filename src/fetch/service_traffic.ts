/**
 * What the balanced fetch remembers of one service.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import { LatencyQuantile } from "./latency_quantile.ts";
import { RetryBudget } from "./retry_budget.ts";

/** Requests under way, budgets and latencies of one service. */
export class ServiceTraffic {
  /** Name of the service. */
  readonly service: string;
  /** How many retries it may get; hedges are retries. */
  readonly retries: RetryBudget;
  /** How many hedges it may get, where it gets any. */
  readonly hedges: RetryBudget | undefined;
  /** How long its requests take, where that is needed. */
  readonly latencies: LatencyQuantile | undefined;
  readonly #maxInFlight: number;
  #inFlight = 0;

  /**
   * Makes a quiet service.
   *
   * @param service Name of the service.
   * @param options Options.
   */
  constructor(service: string, options: ResolvedFetchOptions) {
    const { retryBudget, hedge, maxInFlight } = options;
    this.service = service;
    this.#maxInFlight = maxInFlight;
    this.retries = new RetryBudget(retryBudget);
    if (hedge === undefined) return;
    this.hedges = new RetryBudget({ ...retryBudget, percent: hedge.percent, minimumPerSecond: 0 });
    this.latencies = new LatencyQuantile();
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Lets a request in.
   *
   * @throws {PilotedError} `OVERLOADED` when there are too many.
   */
  enter(): void {
    if (this.#inFlight >= this.#maxInFlight) {
      throw new PilotedError(
        "OVERLOADED",
        `Cannot fetch from ${this.service}: at most ${this.#maxInFlight} requests may be under way, ` +
          `received one more`,
        { service: this.service },
      );
    }
    this.#inFlight++;
  }

  /**
   * Counts a request for the budgets.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  count(now: number): void {
    this.retries.deposit(now);
    this.hedges?.deposit(now);
  }

  /** A request is over. */
  leave(): void {
    this.#inFlight--;
  }
}
