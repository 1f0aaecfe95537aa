/**
 * State of the balanced fetch for one service.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { ResolvedHedge } from "./hedge_options.ts";
import { LatencyQuantile } from "./latency_quantile.ts";
import { RetryBudget } from "./retry_budget.ts";

/** When requests of one kind are hedged: those of a route, or all others. */
export class Hedging {
  /** A hedge is sent after this percentage of the latencies. */
  readonly percentile: number;
  /** Budget of hedges. */
  readonly budget: RetryBudget;
  /** Latencies of the requests. */
  readonly latencies: LatencyQuantile = new LatencyQuantile();

  /**
   * @param hedge Options.
   * @param retryBudget Options of the budget of retries.
   */
  constructor(
    { percentile, percent }: ResolvedHedge,
    retryBudget: ResolvedFetchOptions["retryBudget"],
  ) {
    this.percentile = percentile;
    this.budget = new RetryBudget({ ...retryBudget, percent, minimumPerSecond: 0 });
  }
}

/** Requests in flight, budgets and latencies of one service. */
export class ServiceTraffic {
  /** Name of the service. */
  readonly service: string;
  /** Budget of retries; hedges count as retries. */
  readonly retries: RetryBudget;
  readonly #retryBudget: ResolvedFetchOptions["retryBudget"];
  readonly #hedgings = new Map<ResolvedHedge, Hedging>();
  readonly #maxInFlight: number;
  readonly #resting = new Map<string, number>();
  #inFlight = 0;

  /**
   * @param service Name of the service.
   * @param options Options.
   */
  constructor(service: string, options: ResolvedFetchOptions) {
    const { retryBudget, maxInFlight } = options;
    this.service = service;
    this.#maxInFlight = maxInFlight;
    this.#retryBudget = retryBudget;
    this.retries = new RetryBudget(retryBudget);
  }

  /**
   * When requests are hedged.
   *
   * @param hedge Options of a route, or those of the fetch; each has latencies and a budget of its own.
   */
  hedging(hedge: ResolvedHedge): Hedging {
    let hedging = this.#hedgings.get(hedge);
    if (hedging === undefined) {
      this.#hedgings.set(hedge, hedging = new Hedging(hedge, this.#retryBudget));
    }
    return hedging;
  }

  /**
   * Counts a request in flight.
   *
   * @throws {PilotedError} `OVERLOADED` when there are too many.
   */
  enter(): void {
    if (this.#inFlight >= this.#maxInFlight) {
      throw new PilotedError(
        "OVERLOADED",
        `Cannot fetch from ${this.service}: ${this.#maxInFlight} requests are in flight already; ` +
          `raise maxInFlight or wait for some of them`,
        { service: this.service },
      );
    }
    this.#inFlight++;
  }

  /**
   * Counts a request for the budgets.
   *
   * @param now Milliseconds since the Unix epoch.
   * @param hedge When it is hedged.
   */
  count(now: number, hedge: ResolvedHedge | undefined): void {
    this.retries.deposit(now);
    if (hedge !== undefined) this.hedging(hedge).budget.deposit(now);
  }

  /** Whether any endpoint has asked for a pause. */
  get hasResting(): boolean {
    return this.#resting.size > 0;
  }

  /**
   * Remembers that an endpoint has asked for a pause.
   *
   * @param host Address and port.
   * @param until Milliseconds since the Unix epoch.
   */
  rest(host: string, until: number): void {
    this.#resting.set(host, until);
  }

  /**
   * Whether an endpoint has asked for a pause that is not over.
   *
   * @param host Address and port.
   * @param now Milliseconds since the Unix epoch.
   */
  isResting(host: string, now: number): boolean {
    const until = this.#resting.get(host);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#resting.delete(host);
    return false;
  }

  /** Called when a request has ended. */
  leave(): void {
    this.#inFlight--;
  }
}
