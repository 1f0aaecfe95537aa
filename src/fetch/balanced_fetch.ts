/**
 * A `fetch` for services.
 *
 * The problem: a request to an address fails when that instance has just died, is overloaded, or is
 * being replaced, although another instance would have answered. Sending it again is the cure, and
 * dangerous: a request that is not idempotent may be executed twice, and a service that fails because
 * it is overloaded gets three times the load.
 *
 * The decision: a call is a sequence of attempts, each at an endpoint that was not tried yet. What is
 * sent again depends on the method, on whether the request can have left, and on whether its body can
 * be sent twice (retry_policy.ts). Retries and hedges are paid from a budget that requests earn
 * (retry_budget.ts), so that they stay a fixed part of the load. Deadlines cover the whole call or one
 * attempt, and end with the head of the response. Every attempt holds a lease, and its outcome is what
 * the balancer learns; a timer that fired late, because this process was paused, says nothing about
 * an endpoint (pauses.ts). Nearly all calls need nothing of that: send_plainly.ts handles them with
 * three objects.
 *
 * The sources: "HTTP Semantics" (RFC 9110) for methods and Retry-After, Finagle's RetryBudget, "The
 * Tail at Scale" (Dean and Barroso) for hedges, "Exponential Backoff And Jitter" (AWS).
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import { PilotedError } from "../errors.ts";
import { BalancedCall, type CallContext } from "./balanced_call.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import { observeCall } from "./observed_call.ts";
import { Pauses } from "./pauses.ts";
import { NamedPortSource, parseNamedPort } from "./named_port.ts";
import { fromRequest, isRequest } from "./request_init.ts";
import { methodOf } from "./retry_policy.ts";
import { ServiceTraffic } from "./service_traffic.ts";
import { isPlain, sendPlainly } from "./send_plainly.ts";
import { hostEnd, hostStart, plainUrl } from "./service_url.ts";

/**
 * What `createFetch()` loads with its first request.
 *
 * @param source Gives endpoints.
 * @param options Deadlines, retries, hedges and limits.
 * @returns A function with the signature of the platform's `fetch`.
 */
export function balancedFetch(source: FetchSource, options: ResolvedFetchOptions): Fetch {
  const balanced = new BalancedFetch({ source, options, pauses: new Pauses() });
  return (input, init) => balanced.fetch(input, init);
}

/** Where the requests for one host go. */
interface Route {
  readonly traffic: ServiceTraffic;
  readonly context: CallContext;
}

class BalancedFetch {
  readonly #context: CallContext;
  readonly #routes = new Map<string, Route>();
  readonly #plain: boolean;

  constructor(context: CallContext) {
    this.#context = context;
    this.#plain = isPlain(context.options) && context.source.mode !== "on-demand";
  }

  // Not async: the caller gets the promise of the call itself.
  fetch(input: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    try {
      let url = urlOf(input);
      let start = hostStart(url);
      let end = start < 0 ? -1 : hostEnd(url, start);
      if (end < 0) {
        const plain = plainUrl(url);
        if (plain === undefined) return this.#sendElsewhere(url, input, init);
        url = plain;
        start = hostStart(url);
        end = hostEnd(url, start);
      }
      const route = this.#find(url.slice(start, end));
      if (route === undefined) return this.#sendElsewhere(url, input, init);
      return isRequest(input)
        ? fromRequest(input, init).then((init) => this.#send(route, url, start, end, init))
        : this.#send(route, url, start, end, init);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Looks up the host as it is written, or in lower case as URLs have it. */
  #find(host: string): Route | undefined {
    return this.#routeTo(host) ?? this.#routeTo(host.toLowerCase());
  }

  #routeTo(host: string): Route | undefined {
    const { source } = this.#context;
    if (source.has(host)) return this.#routes.get(host) ?? this.#addRoute(host, host);
    const named = parseNamedPort(host);
    if (named === undefined || !source.has(named.service)) return undefined;
    return this.#routes.get(host) ?? this.#addRoute(host, named.service, named.port);
  }

  #addRoute(host: string, service: string, port?: string): Route {
    const context = port === undefined
      ? this.#context
      : { ...this.#context, source: new NamedPortSource(this.#context.source, port) };
    const route = { context, traffic: new ServiceTraffic(service, context.options) };
    this.#routes.set(host, route);
    return route;
  }

  #send(
    { traffic, context }: Route,
    url: string,
    start: number,
    end: number,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const { observer, clock } = context.options;
    if (this.#plain) return sendPlainly(context, traffic, url, start, end, init);
    if (observer === undefined) {
      return new BalancedCall(context, traffic, url, start, end, init).send();
    }
    const { service } = traffic;
    const call = { service, method: methodOf(init), url, startedAt: clock.now() };
    return observeCall(
      observer,
      call,
      clock,
      traffic.retries,
      (told) => new BalancedCall(context, traffic, url, start, end, init, told).send(),
    );
  }

  #sendElsewhere(
    url: string,
    input: string | URL | Request,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const { fetch, unknownHosts } = this.#context.options;
    if (unknownHosts === "pass-through") return fetch(input, init);
    // What is no URL throws a TypeError, as fetch() would.
    const { origin } = new URL(url);
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot fetch from ${origin}: its host is not a watched service, and unknownHosts is "reject"`,
      { url: origin },
    );
  }
}

function urlOf(input: string | URL | Request): string {
  if (typeof input === "string") return input;
  if (input instanceof URL) return input.href;
  return isRequest(input) ? input.url : String(input);
}
