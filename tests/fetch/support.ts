import type { Fetch } from "../../src/platform_fetch.ts";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import type { PickOptions } from "../../src/balance/balancer.ts";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { EndpointPoolOptions } from "../../src/balance/pool_options.ts";
import type { Lease } from "../../src/balance/lease.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { isPilotedError } from "../../src/any_piloted_error.ts";
import { PilotedError } from "../../src/errors.ts";
import { balancedFetch } from "../../src/fetch/balanced_fetch.ts";
import { type FetchOptions, resolveFetchOptions } from "../../src/fetch/fetch_options.ts";
import { noMatch } from "../../src/client/no_match.ts";
import type { WaitForEndpointsOptions } from "../../src/client/wait_options.ts";
import type { FetchSource } from "../../src/fetch/fetch_source.ts";
import type { RequestAttempt } from "../../src/request_attempt.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { seed } from "../balance/support.ts";
import { abortable } from "../../src/wait.ts";
import { assert } from "@std/assert";
import { endpoint } from "../support/endpoints.ts";

/** A request as a backend sees it. */
export interface Sent {
  /** Id of the endpoint that it was sent to. */
  readonly to: string;
  readonly url: string;
  readonly init: RequestInit | undefined;
  /** When, in milliseconds since the first one. */
  readonly at: number;
}

/** What a backend does: answers, or throws. */
export type Backend = (sent: Sent, number: number) => Response | Promise<Response>;

/** Endpoints `a`, `b`, ... of service `app` at 10.0.0.1, 10.0.0.2, ... */
export function backends(...ids: string[]): Endpoint[] {
  return ids.map((id) => endpoint(id, { address: `10.0.0.${id.charCodeAt(0) - 96}`, port: 80 }));
}

/** One service without a registry. */
export class PoolSource implements FetchSource {
  readonly pool: EndpointPool;
  readonly closing = new AbortController();
  readonly closeSignal = this.closing.signal;
  readonly #waiting: ((found: boolean) => void)[] = [];

  constructor(options: EndpointPoolOptions) {
    this.pool = new EndpointPool(options);
  }

  update(endpoints: readonly Endpoint[]): void {
    this.pool.update(endpoints);
    for (const resolve of this.#waiting.splice(0)) resolve(endpoints.length > 0);
  }

  has(name: string): boolean {
    return name === "app";
  }

  acquire(_name: string, options?: PickOptions): Lease {
    const lease = this.pool.acquire(options);
    if (lease !== undefined) return lease;
    throw noMatch("app", this.pool.endpoints, options, options?.split) ??
      new PilotedError("NO_ENDPOINTS", "Cannot pick an endpoint: there is none");
  }

  waitForEndpoints(_name: string, options: WaitForEndpointsOptions = {}): Promise<boolean> {
    this.waits.push(options.timeoutMs ?? Infinity);
    return abortable(new Promise((resolve) => this.#waiting.push(resolve)), options.signal);
  }

  /** Maximum wait of every call, in milliseconds. */
  readonly waits: number[] = [];
}

/** A balanced fetch over scripted backends, in a time of its own. */
export class World {
  readonly clock = new ManualClock();
  readonly source: PoolSource;
  readonly fetch: Fetch;
  readonly sent: Sent[] = [];
  #started: number | undefined;

  constructor(
    ids: string[],
    backend: Backend,
    options: FetchOptions = {},
    pool: EndpointPoolOptions = {},
  ) {
    const { clock } = this;
    const random = seededRandom(seed);
    this.source = new PoolSource({ balancer: "round-robin", clock, random, ...pool });
    this.source.update(backends(...ids));
    const send: Fetch = (input, init) => this.#receive(String(input), init, backend);
    const resolved = resolveFetchOptions({ clock, random, fetch: send, ...options });
    this.fetch = balancedFetch(this.source, resolved);
  }

  /** Closes the client; timers that are left then. */
  get timersAfterClose(): number {
    this.source.closing.abort(new PilotedError("CLOSED", "Cannot use this client: it was closed"));
    return this.clock.pending;
  }

  /** Ids of the endpoints that were sent something, in order. */
  get order(): string {
    return this.sent.map(({ to }) => to).join("");
  }

  /** Settles with the answer's status, or with the error, letting time pass until then. */
  async outcome(answer: Promise<Response>, stepMs = 50): Promise<number | PilotedError | unknown> {
    let result: { value: unknown } | undefined;
    answer.then(({ status }) => result = { value: status }, (error) => result = { value: error });
    for (let i = 0; i < 2_000 && result === undefined; i++) await this.clock.advance(stepMs);
    return result?.value;
  }

  // As a platform's fetch: rejects with the signal's reason as soon as it aborts.
  #receive(url: string, init: RequestInit | undefined, backend: Backend): Promise<Response> {
    const to = String.fromCharCode(96 + Number(/10\.0\.0\.(\d+)/.exec(url)?.[1] ?? 0));
    this.#started ??= this.clock.now();
    const sent = { to, url, init, at: this.clock.now() - this.#started };
    this.sent.push(sent);
    const response = new Promise<Response>((answer) => answer(backend(sent, this.sent.length)));
    return abortable(response, init?.signal ?? undefined);
  }
}

/** A connection that is refused, as Node says it. */
export function refused(): never {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  throw new TypeError("fetch failed", { cause });
}

/** A connection that breaks while an answer is awaited, as Node says it. */
export function reset(): never {
  const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  throw new TypeError("fetch failed", { cause });
}

/** An answer that never comes. */
export function silence(): Promise<Response> {
  return new Promise(() => {});
}

/** An answer of that status. */
export function answer(status: number, headers: Record<string, string> = {}): Response {
  return new Response(status === 204 ? null : "body", { status, headers });
}

/** The attempts of a call that failed. */
export function attemptsOf(error: unknown): readonly RequestAttempt[] {
  assert(isPilotedError(error));
  assert(error.code === "REQUEST_FAILED" || error.code === "TIMEOUT");
  return error.attempts ?? [];
}

/** `a rejected 503, b success 200`. */
export function told(attempts: readonly RequestAttempt[] | undefined): string {
  return (attempts ?? []).map(({ endpoint, outcome, status, hedge }) =>
    `${endpoint.id} ${outcome}${status === undefined ? "" : ` ${status}`}${hedge ? " hedge" : ""}`
  ).join(", ");
}
