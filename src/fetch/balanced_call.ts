/**
 * One call of the balanced fetch.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import { sleep } from "../clock.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { AttemptControl } from "./attempt_control.ts";
import {
  type AttemptResult,
  discard,
  outcomeOf,
  recordAttempt,
  releaseLease,
} from "./attempt_result.ts";
import type { FetchCallObserver } from "./fetch_observer.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import { raceHedge, type RunningAttempt } from "./hedge.ts";
import { isSafe, retryDelay } from "./retry_policy.ts";
import type { ServiceTraffic } from "./service_traffic.ts";

/** An attempt of which everybody has been told. */
interface EndedAttempt {
  readonly result: AttemptResult;
  readonly outcome: AttemptOutcome | undefined;
}

/** What all calls of one balanced fetch share. */
export interface CallContext {
  /** Gives endpoints. */
  readonly source: FetchSource;
  /** Options. */
  readonly options: ResolvedFetchOptions;
}

/** Sends one request, to as many endpoints as it takes. */
export class BalancedCall {
  readonly #context: CallContext;
  readonly #traffic: ServiceTraffic;
  readonly #url: string;
  readonly #start: number;
  readonly #end: number;
  readonly #init: RequestInit | undefined;
  readonly #observer: FetchCallObserver | undefined;
  #pick: PickOptions | undefined;
  #deadline = Infinity;
  #failed: RequestAttempt[] | undefined;

  /**
   * Prepares a call.
   *
   * @param context What it shares with others.
   * @param traffic The service.
   * @param url URL whose host is the name of the service.
   * @param start Where the host begins in it.
   * @param end Where it ends.
   * @param init The rest of the request.
   * @param observer Told of every attempt.
   */
  constructor(
    context: CallContext,
    traffic: ServiceTraffic,
    url: string,
    start: number,
    end: number,
    init: RequestInit | undefined,
    observer?: FetchCallObserver,
  ) {
    this.#context = context;
    this.#traffic = traffic;
    this.#url = url;
    this.#start = start;
    this.#end = end;
    this.#init = init;
    this.#observer = observer;
  }

  /**
   * Sends the request.
   *
   * @returns The first answer that is no refusal, or the last refusal.
   * @throws {PilotedError} `NO_ENDPOINTS`, `OVERLOADED`, `TIMEOUT` or `REQUEST_FAILED`.
   * @throws The signal's own reason when it aborts.
   */
  async send(): Promise<Response> {
    const { timeoutMs, clock, waitForEndpointsMs } = this.#context.options;
    this.#signal?.throwIfAborted();
    this.#traffic.enter();
    try {
      if (timeoutMs < Infinity) this.#deadline = clock.now() + timeoutMs;
      const lease = waitForEndpointsMs > 0 ? await this.#waitForFirst() : this.#acquire();
      this.#traffic.count(lease.startedAt);
      return await this.#goOn(await this.#attempt(lease));
    } finally {
      this.#traffic.leave();
    }
  }

  /**
   * Goes on after a first attempt, and sends the request again where that helps.
   *
   * @param result What came of the attempt.
   * @returns The first answer that is no refusal, or the last refusal.
   * @throws As {@linkcode BalancedCall.send}.
   */
  goOn(result: AttemptResult): Promise<Response> {
    return this.#goOn({ result, outcome: this.#conclude(result) });
  }

  async #goOn({ result, outcome }: EndedAttempt): Promise<Response> {
    for (;;) {
      const { response, error } = result;
      if (outcome === "success") return response!;
      if (outcome === "aborted") throw this.#signal!.reason;
      if (outcome === undefined) throw error;
      const lease = await this.#acquireNext(response);
      if (lease !== undefined) ({ result, outcome } = await this.#attempt(lease));
      else if (response !== undefined) return response;
      else throw this.#failure(error);
    }
  }

  async #attempt(lease: Lease): Promise<EndedAttempt> {
    if (this.#traffic.latencies !== undefined && isSafe(this.#init)) return await this.#race(lease);
    const result = await this.#result(lease, this.#control(false), false);
    return { result, outcome: this.#conclude(result) };
  }

  get #signal(): AbortSignal | undefined {
    return this.#init?.signal ?? undefined;
  }

  /** Time that is left for everything that is to come. */
  get #timeLeftMs(): number {
    if (this.#deadline === Infinity) return Infinity;
    return this.#deadline - this.#context.options.clock.now();
  }

  /** What comes of an attempt; never rejects. */
  async #result(
    lease: Lease,
    control: AttemptControl | undefined,
    hedge: boolean,
  ): Promise<AttemptResult> {
    const url = addressOf(lease, this.#url, this.#start, this.#end);
    const init = control === undefined ? this.#init : { ...this.#init, signal: control.signal };
    try {
      const response = await this.#context.options.fetch(url, init);
      return { lease, response, expired: false, hedge };
    } catch (error) {
      return { lease, error, expired: control?.expired ?? false, hedge };
    } finally {
      control?.stop();
    }
  }

  /** What ends an attempt before its time, where something may have to. */
  #control(always: boolean): AttemptControl | undefined {
    const { attemptTimeoutMs, clock } = this.#context.options;
    const timeoutMs = Math.min(attemptTimeoutMs, this.#timeLeftMs);
    if (timeoutMs === Infinity && !always) return undefined;
    return new AttemptControl(clock, timeoutMs, this.#signal);
  }

  async #race(lease: Lease): Promise<EndedAttempt> {
    const { clock, hedge } = this.#context.options;
    const { latencies, hedges, retries } = this.#traffic;
    const afterMs = latencies!.at(hedge!.percentile, clock.now());
    const startSecond = () => {
      const now = clock.now();
      if (!hedges!.withdraw(now) || !retries.withdraw(now)) return undefined;
      const second = this.#acquireOther([...(this.#failed ?? []), lease]);
      return second === undefined ? undefined : this.#run(second, true);
    };
    const conclude = (result: AttemptResult) => this.#conclude(result);
    const race = await raceHedge(this.#run(lease, false), afterMs, clock, startSecond, conclude);
    if (race.outpaced !== undefined) this.#outpace(race.outpaced);
    return race;
  }

  #run(lease: Lease, hedge: boolean): RunningAttempt {
    const control = this.#control(true)!;
    return { lease, hedge, control, result: this.#result(lease, control, hedge) };
  }

  /** Releases the lease of an attempt that has ended, and tells of it. */
  #conclude(result: AttemptResult): AttemptOutcome | undefined {
    const outcome = outcomeOf(result, this.#signal);
    const now = this.#context.options.clock.now();
    releaseLease(result, outcome);
    if (outcome === undefined) return undefined;
    const attempt = recordAttempt(result, outcome, now);
    if (outcome === "success") this.#traffic.latencies?.record(attempt.durationMs, now);
    else (this.#failed ??= []).push(attempt);
    this.#observer?.attempted(attempt);
    return outcome;
  }

  #outpace({ lease, hedge }: RunningAttempt): void {
    const now = this.#context.options.clock.now();
    const result = { lease, hedge, expired: false };
    releaseLease(result, "superseded");
    const attempt = recordAttempt(result, "superseded", now);
    // It would have taken longer still; leaving it out would make the quantile too small.
    this.#traffic.latencies!.record(attempt.durationMs, now);
    this.#observer?.attempted(attempt);
  }

  #acquire(): Lease {
    const { source, options } = this.#context;
    const key = options.key?.(this.#url, this.#init);
    if (key !== undefined) this.#pick = { key };
    return source.acquire(this.#traffic.service, this.#pick);
  }

  async #waitForFirst(): Promise<Lease> {
    const { source, options } = this.#context;
    const waitMs = Math.min(options.waitForEndpointsMs, this.#timeLeftMs);
    try {
      return this.#acquire();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await source.waitForEndpoints(this.#traffic.service, {
      timeoutMs: waitMs,
      signal: this.#signal,
    });
    return this.#acquire();
  }

  /** An endpoint that was not tried yet, or any where all were. */
  #acquireOther(tried: readonly { endpoint: Endpoint }[]): Lease | undefined {
    const { source } = this.#context;
    const { service } = this.#traffic;
    const exclude = (endpoint: Endpoint) =>
      tried.some((one) => isSameEndpoint(one.endpoint, endpoint));
    try {
      return source.acquire(service, { ...this.#pick, exclude });
    } catch {
      // None is left, or the client was closed: what has failed already says more.
      return undefined;
    }
  }

  /** Waits for the next attempt, if there is to be one. */
  async #acquireNext(response: Response | undefined): Promise<Lease | undefined> {
    const { clock } = this.#context.options;
    const failed = this.#failed!;
    const waitMs = retryDelay(
      failed,
      response,
      this.#init,
      this.#timeLeftMs,
      this.#traffic,
      this.#context.options,
    );
    if (waitMs === undefined) return undefined;
    try {
      await sleep(clock, waitMs, this.#signal);
    } catch (reason) {
      discard(response);
      throw reason;
    }
    const lease = this.#acquireOther(failed) ?? this.#acquireOther([]);
    if (lease !== undefined) discard(response);
    return lease;
  }

  #failure(cause: unknown): PilotedError {
    const { service } = this.#traffic;
    const attempts = Object.freeze(this.#failed!);
    const { outcome, endpoint } = attempts.at(-1)!;
    const tries = attempts.length === 1 ? "the attempt" : `${attempts.length} attempts`;
    return new PilotedError(
      outcome === "timeout" ? "TIMEOUT" : "REQUEST_FAILED",
      `Cannot fetch from ${service}: ${tries} failed, received ${outcome} from ${endpoint.host}`,
      { cause, service, attempts },
    );
  }
}

/**
 * The URL at an endpoint.
 *
 * @param lease The endpoint.
 * @param url URL whose host is the name of the service.
 * @param start Where the host begins in it.
 * @param end Where it ends.
 */
export function addressOf(lease: Lease, url: string, start: number, end: number): string {
  // No part of a string where a constant will do: this is done for every request.
  const scheme = start === 7 ? "http://" : "https://";
  return scheme + lease.endpoint.host + url.slice(end);
}

function isMissing(error: unknown): boolean {
  return error instanceof PilotedError && error.code === "NO_ENDPOINTS";
}

// An instance at another address is another process.
function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a === b || (a.host === b.host && endpointIdentity(a) === endpointIdentity(b));
}
