/**
 * State of the balanced fetch for one service.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import { LatencyQuantile } from "./latency_quantile.ts";
import { RetryBudget } from "./retry_budget.ts";

/** Requests in flight, budgets and latencies of one service. */
export class ServiceTraffic {
  /** Name of the service. */
  readonly service: string;
  /** Budget of retries; hedges count as retries. */
  readonly retries: RetryBudget;
  /** Budget of hedges, with the option `hedge`. */
  readonly hedges: RetryBudget | undefined;
  /** Latencies of its requests, with the option `hedge`. */
  readonly latencies: LatencyQuantile | undefined;
  readonly #maxInFlight: number;
  readonly #resting = new Map<string, number>();
  #inFlight = 0;

  /**
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
   */
  count(now: number): void {
    this.retries.deposit(now);
    this.hedges?.deposit(now);
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
