/**
 * One request for a service.
 *
 * @module
 */
import type { Dispatcher } from "undici";
import { fullJitter } from "../../backoff.ts";
import type { Lease } from "../../balance/lease.ts";
import type { Piloted } from "../../client/piloted.ts";
import { systemClock, type Timer } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ResponseVerdict } from "../../fetch/classify.ts";
import { networkFailure } from "../../fetch/network_error.ts";
import type { RetryBudget } from "../../fetch/retry_budget.ts";
import { parseRetryAfter } from "../../retry_after.ts";
import type { ResolvedDispatchOptions } from "./dispatch_options.ts";
import { StableController } from "./stable_controller.ts";

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;
type Headers_ = Parameters<NonNullable<Handler["onResponseStart"]>>[2];
type Upgraded = Parameters<NonNullable<Handler["onRequestUpgrade"]>>[3];

/** What the requests for one service share. */
export interface DispatchContext {
  /** Gives endpoints. */
  readonly client: Piloted<string>;
  /** Options. */
  readonly options: ResolvedDispatchOptions;
  /** How many retries the service may get. */
  readonly budget: RetryBudget;
  /** Name of the service. */
  readonly service: string;
  /** Endpoints that have asked for a pause, and until when, in milliseconds since the Unix epoch. */
  readonly resting: Map<string, number>;
}

// "HTTP Semantics", RFC 9110, 9.2.2.
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];
const REJECTIONS = [429, 502, 503, 504];
// An endpoint that asks for a longer pause is tried again after this.
const LONGEST_REST_MS = 300_000;

/** Sends a request in one or more attempts, and shows its handler one of them. */
export class DispatchCall implements Handler {
  readonly #context: DispatchContext;
  readonly #request: Dispatcher.DispatchOptions;
  readonly #handler: Handler;
  readonly #dispatch: Dispatcher["dispatch"];
  readonly #controller = new StableController((reason) => this.#aborted(reason));
  readonly #tried: Endpoint[] = [];
  // Aborts an attempt whose response is not shown.
  readonly #goOn = new Error("Sent again to another endpoint");
  #lease: Lease | undefined;
  #timer: Timer | undefined;
  #waitMs = 0;
  #isStarted = false;
  #isShown = false;

  /**
   * @param context What it shares with other requests.
   * @param request The request.
   * @param handler Receives the response.
   * @param dispatch Sends a request.
   */
  constructor(
    context: DispatchContext,
    request: Dispatcher.DispatchOptions,
    handler: Handler,
    dispatch: Dispatcher["dispatch"],
  ) {
    this.#context = context;
    this.#request = request;
    this.#handler = handler;
    this.#dispatch = dispatch;
  }

  /** Sends it to a first endpoint. */
  start(): void {
    try {
      const lease = this.#acquireAny();
      this.#context.budget.deposit(lease.startedAt);
      this.#send(lease);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Ends it with an error. */
  fail(error: Error): void {
    // Whether the caller has left or the body broke off: after the head it says nothing any more.
    this.#lease?.release("unknown");
    this.#handler.onResponseError?.(this.#controller, error);
  }

  /** Called when an attempt is written to its connection. */
  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller.attempt = controller;
    if (this.#controller.reason !== null) return controller.abort(this.#controller.reason);
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#handler.onRequestStart?.(this.#controller, context);
  }

  /** Called with a connection that speaks another protocol from here on. */
  onRequestUpgrade(_: Controller, status: number, headers: Headers_, socket: Upgraded): void {
    this.#isShown = true;
    const lease = this.#lease;
    // A long life is no latency.
    lease?.report?.("success");
    socket.once("close", () => lease?.release());
    this.#handler.onRequestUpgrade?.(this.#controller, status, headers, socket);
  }

  /** Called with the head of a response. */
  onResponseStart(controller: Controller, status: number, headers: Headers_, text?: string): void {
    if (status >= 200 && !this.#isShown) {
      let verdict: ResponseVerdict;
      try {
        verdict = this.#context.options.classify({ status, headers });
      } catch (error) {
        return this.#controller.abort(error as Error);
      }
      if (REJECTIONS.includes(status)) {
        const waitMs = this.#retryDelay(status, headers, false);
        if (waitMs !== undefined) {
          this.#waitMs = waitMs;
          this.#lease?.release(verdict);
          return controller.abort(this.#goOn);
        }
      }
      this.#isShown = true;
      this.#lease?.report?.(verdict);
      if (this.#lease?.leaseUntil !== "body") this.#lease?.release(verdict);
    }
    this.#handler.onResponseStart?.(this.#controller, status, headers, text);
  }

  /** Called with a part of the body. */
  onResponseData(
    _: Controller,
    chunk: Parameters<NonNullable<Handler["onResponseData"]>>[1],
  ): void {
    if (this.#isShown) this.#handler.onResponseData?.(this.#controller, chunk);
  }

  /** Called at the end of a response. */
  onResponseEnd(_: Controller, trailers: Headers_): void {
    if (!this.#isShown) return;
    this.#lease?.release();
    this.#handler.onResponseEnd?.(this.#controller, trailers);
  }

  /** Called when an attempt has failed. */
  onResponseError(_: Controller, error: Error): void {
    this.#controller.attempt = undefined;
    if (this.#isShown || this.#controller.reason !== null) return this.fail(error);
    if (error === this.#goOn) return this.#sendAfter(this.#waitMs, error);
    const failure = networkFailure(error);
    if (failure === undefined) return this.fail(error);
    this.#lease?.release("failure");
    const waitMs = this.#retryDelay(0, undefined, failure === "connect_failed");
    if (waitMs === undefined) this.fail(error);
    else this.#sendAfter(waitMs, error);
  }

  #acquire(): Lease {
    const { client, service } = this.#context;
    return client.acquire(service, { exclude: (endpoint) => this.#isUnwanted(endpoint) });
  }

  /** Whether it was tried by this request, or has asked all requests for a pause. */
  #isUnwanted({ host }: Endpoint): boolean {
    return this.#tried.some((one) => one.host === host) || this.#isResting(host);
  }

  #isResting(host: string): boolean {
    const { resting } = this.#context;
    const until = resting.get(host);
    if (until === undefined) return false;
    if (systemClock.now() < until) return true;
    resting.delete(host);
    return false;
  }

  #send(lease: Lease): void {
    this.#lease = lease;
    const { host } = lease.endpoint;
    const { origin, headers } = this.#request;
    const { protocol } = new URL(origin!);
    const { options: { hostHeader }, service } = this.#context;
    this.#dispatch({
      ...this.#request,
      origin: `${protocol}//${host}`,
      headers: (hostHeader === "service" ? withHost(headers, service) : headers) ?? null,
    }, this);
  }

  /** How long to wait before the request is sent again; `undefined` when it is not. */
  #retryDelay(
    status: number,
    headers: Headers_ | undefined,
    isUnsent: boolean,
  ): number | undefined {
    const { options, budget } = this.#context;
    const { retry, maxAttempts, maxRetryAfterMs } = options;
    const { endpoint } = this.#lease!;
    const now = systemClock.now();
    const askedMs = status === 429 || status === 503
      ? parseRetryAfter(new Headers(pairs(headers)), now)
      : undefined;
    if (askedMs !== undefined) {
      this.#context.resting.set(endpoint.host, now + Math.min(askedMs, LONGEST_REST_MS));
    }
    this.#tried.push(endpoint);
    if (retry === "never" || this.#tried.length >= maxAttempts) return undefined;
    const { method, body } = this.#request;
    if (isUnsent ? isUsed(body) : !isReplayable(body)) return undefined;
    if (!isUnsent && retry !== "always" && !IDEMPOTENT.includes(method)) return undefined;
    let waitMs = fullJitter(this.#tried.length - 1, {
      baseMs: options.backoffBaseMs,
      maxMs: options.backoffMaxMs,
    });
    // Without a time, a limit holds for every endpoint and for long.
    if (status === 429 && askedMs === undefined) return undefined;
    const others = this.#context.client.serviceHosts(this.#context.service);
    if (askedMs !== undefined && others.every((endpoint) => this.#isUnwanted(endpoint))) {
      if (askedMs > maxRetryAfterMs) return undefined;
      waitMs = Math.max(waitMs, askedMs);
    }
    return budget.withdraw(now) ? waitMs : undefined;
  }

  #sendAfter(waitMs: number, error: Error): void {
    this.#timer = systemClock.start(() => {
      this.#timer = undefined;
      try {
        this.#send(this.#acquireAny());
      } catch (reason) {
        // None is left, or the client was closed: the failed attempt says more, if there was one.
        this.fail(error === this.#goOn ? reason as Error : error);
      }
    }, waitMs);
  }

  #acquireAny(): Lease {
    try {
      return this.#acquire();
    } catch {
      const { client, service } = this.#context;
      return client.acquire(service);
    }
  }

  #aborted(reason: Error): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.fail(reason);
  }
}

function isReplayable(body: unknown): boolean {
  return body === undefined || body === null || typeof body === "string" ||
    ArrayBuffer.isView(body) || body instanceof ArrayBuffer;
}

/** Whether a stream was read from, or destroyed. Others are read when they are sent. */
function isUsed(body: unknown): boolean {
  const stream = body as { readableDidRead?: boolean; destroyed?: boolean } | null | undefined;
  return stream?.readableDidRead === true || stream?.destroyed === true;
}

function pairs(headers: Headers_ | undefined): [string, string][] {
  return Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]);
}

/** Adds a Host header, unless there is one. */
function withHost(
  headers: Dispatcher.DispatchOptions["headers"],
  host: string,
): Dispatcher.DispatchOptions["headers"] {
  if (Array.isArray(headers)) {
    const names = headers.filter((_, index) => index % 2 === 0);
    return names.some((name) => /^host$/i.test(String(name)))
      ? headers
      : [...headers, "host", host];
  }
  const given = headers === undefined || headers === null
    ? []
    : Symbol.iterator in headers
    ? [...headers as Iterable<[string, string | string[] | undefined]>]
    : Object.entries(headers);
  if (given.some(([name]) => /^host$/i.test(name))) return headers;
  return Object.fromEntries([...given, ["host", host]]) as Record<string, string>;
}
