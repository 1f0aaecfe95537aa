/**
 * One call of the balanced fetch.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { abortable, deadline, lateExtension, onAbort, sleep } from "../wait.ts";
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
import type { Pauses } from "./pauses.ts";
import { isSafe, retryDelay } from "./retry_policy.ts";
import type { ServiceTraffic } from "./service_traffic.ts";

/** An attempt whose lease was released and that was reported. */
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
  /** Pauses of this process. */
  readonly pauses: Pauses;
}

/** Sends one request, in one or more attempts. */
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
   * @param context What it shares with other calls.
   * @param traffic The service.
   * @param url URL whose host is the name of the service.
   * @param start Index of the host in it.
   * @param end Index after the host.
   * @param init The rest of the request.
   * @param observer Called with every attempt.
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
   * @returns The first response that is no rejection, or the last rejection.
   * @throws {PilotedError} `NO_ENDPOINTS`, `OVERLOADED`, `TIMEOUT` or `REQUEST_FAILED`.
   * @throws The signal's own reason when it aborts.
   */
  async send(): Promise<Response> {
    const { timeoutMs, clock, waitForEndpointsMs } = this.#context.options;
    this.#signal?.throwIfAborted();
    this.#traffic.enter();
    try {
      if (timeoutMs < Infinity) this.#deadline = clock.now() + timeoutMs;
      if (this.#context.source.mode === "on-demand") await this.#load();
      const lease = waitForEndpointsMs > 0 ? await this.#waitForFirst() : this.#acquire();
      this.#traffic.count(lease.startedAt);
      return await this.#continueAfter(await this.#attempt(lease));
    } finally {
      this.#traffic.leave();
    }
  }

  /**
   * Continues after a first attempt, and sends the request again if that can help.
   *
   * @param result Result of the attempt.
   * @returns The first response that is no rejection, or the last rejection.
   * @throws As {@linkcode BalancedCall.send}.
   */
  continueAfter(result: AttemptResult): Promise<Response> {
    return this.#continueAfter({ result, outcome: this.#conclude(result) });
  }

  async #continueAfter({ result, outcome }: EndedAttempt): Promise<Response> {
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

  /** Milliseconds until the deadline of the call. */
  get #timeLeftMs(): number {
    if (this.#deadline === Infinity) return Infinity;
    return this.#deadline - this.#context.options.clock.now();
  }

  /** Result of an attempt; never rejects. */
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

  /** Control of an attempt that has a deadline, or `always`. */
  #control(always: boolean): AttemptControl | undefined {
    const { attemptTimeoutMs, clock } = this.#context.options;
    const timeoutMs = Math.min(attemptTimeoutMs, this.#timeLeftMs);
    if (timeoutMs === Infinity && !always) return undefined;
    return new AttemptControl(clock, timeoutMs, this.#signal, this.#context.pauses);
  }

  async #race(lease: Lease): Promise<EndedAttempt> {
    const { options: { clock, hedge }, pauses } = this.#context;
    const { latencies, hedges, retries } = this.#traffic;
    const afterMs = latencies!.at(hedge!.percentile, clock.now());
    const startSecond = () => {
      const now = clock.now();
      if (!hedges!.withdraw(now) || !retries.withdraw(now)) return undefined;
      const second = this.#acquireOther([...(this.#failed ?? []), lease]);
      return second === undefined ? undefined : this.#run(second, true);
    };
    const conclude = (result: AttemptResult) => this.#conclude(result);
    const late = () => pauses.noticed(clock.now());
    const options = { clock, afterMs, late, startSecond, conclude };
    const race = await raceHedge(this.#run(lease, false), options);
    if (race.superseded !== undefined) this.#supersede(race.superseded);
    return race;
  }

  #run(lease: Lease, hedge: boolean): RunningAttempt {
    const control = this.#control(true)!;
    return { lease, hedge, control, result: this.#result(lease, control, hedge) };
  }

  /** Releases the lease of an attempt that has ended, and reports it. */
  #conclude(result: AttemptResult): AttemptOutcome | undefined {
    const outcome = outcomeOf(result, this.#signal);
    const now = this.#context.options.clock.now();
    const paused = this.#context.pauses.cover(result.lease.startedAt);
    releaseLease(result, outcome, paused);
    if (outcome === undefined) return undefined;
    const attempt = recordAttempt(result, outcome, now);
    if (outcome !== "success") (this.#failed ??= []).push(attempt);
    else if (!paused) this.#traffic.latencies?.record(attempt.durationMs, now);
    this.#observer?.attempted(attempt);
    return outcome;
  }

  #supersede({ lease, hedge }: RunningAttempt): void {
    const now = this.#context.options.clock.now();
    const result = { lease, hedge, expired: false };
    const paused = this.#context.pauses.cover(lease.startedAt);
    releaseLease(result, "superseded", paused);
    const attempt = recordAttempt(result, "superseded", now);
    // It would have taken longer still; without it the quantile would be too small.
    if (!paused) this.#traffic.latencies!.record(attempt.durationMs, now);
    this.#observer?.attempted(attempt);
  }

  #acquire(): Lease {
    const { source, options } = this.#context;
    const key = options.key?.(this.#url, this.#init);
    if (key !== undefined) this.#pick = { key };
    return source.acquire(this.#traffic.service, this.#pick);
  }

  /** Loads a list that is read on demand, within the time that the call has. */
  async #load(): Promise<void> {
    const { source, options } = this.#context;
    const loading = source.load?.(this.#traffic.service);
    if (loading === undefined) return;
    const timeoutMs = this.#timeLeftMs;
    if (timeoutMs === Infinity) return await abortable(loading, this.#signal);
    const expired = Symbol("expired");
    const limits = { timeoutMs, signal: this.#signal, error: () => expired };
    // When the time is up, the call fails with what is known about the service by then.
    await deadline(options.clock, () => loading, limits).catch((reason) => {
      if (reason !== expired) throw reason;
    });
  }

  async #waitForFirst(): Promise<Lease> {
    const { source, options } = this.#context;
    const timeoutMs = Math.min(options.waitForEndpointsMs, this.#timeLeftMs);
    try {
      return this.#acquire();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await source.waitForEndpoints(this.#traffic.service, { timeoutMs, signal: this.#signal });
    // Without an endpoint this throws what is known about the reason by now.
    return this.#acquire();
  }

  /** An endpoint that was not tried yet. */
  #acquireOther(tried: readonly { endpoint: Endpoint }[]): Lease | undefined {
    const { source } = this.#context;
    const { service } = this.#traffic;
    const exclude = (endpoint: Endpoint) =>
      tried.some((one) => isSameEndpoint(one.endpoint, endpoint));
    try {
      return source.acquire(service, { ...this.#pick, exclude });
    } catch {
      // None is left, or the client was closed: the failed attempts say more.
      return undefined;
    }
  }

  /** Waits before the next attempt, if there is one. */
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
    const dueAt = clock.now() + waitMs;
    const stop = new AbortController();
    const removers = [this.#signal, this.#context.source.closeSignal].map((signal) =>
      onAbort(signal, (reason) => stop.abort(reason))
    );
    try {
      await sleep(clock, waitMs, { signal: stop.signal });
    } catch (reason) {
      discard(response);
      throw reason;
    } finally {
      for (const remove of removers) remove();
    }
    if (this.#timeLeftMs <= 0 && !this.#extend(dueAt)) return undefined;
    const lease = this.#acquireOther(failed) ?? this.#acquireOther([]);
    if (lease !== undefined) discard(response);
    return lease;
  }

  /** Extends a deadline that has expired because this process was paused during a wait. */
  #extend(wokenLateAfter: number): boolean {
    const { clock, timeoutMs } = this.#context.options;
    const now = clock.now();
    const extensionMs = lateExtension(now, wokenLateAfter, timeoutMs);
    if (extensionMs !== undefined) this.#deadline = now + extensionMs;
    return extensionMs !== undefined;
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
 * Replaces the service in a URL by an endpoint.
 *
 * @param lease The endpoint.
 * @param url URL whose host is the name of the service.
 * @param start Index of the host in it.
 * @param end Index after the host.
 * @returns The URL at the endpoint.
 */
export function addressOf(lease: Lease, url: string, start: number, end: number): string {
  // Called for every request: a constant is cheaper than a part of the URL.
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
