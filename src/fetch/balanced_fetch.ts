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
 * an endpoint (pauses.ts). Redirects are followed hop by hop, so that the failure of a target is never
 * taken for a request that has not left (redirects.ts). All deadlines wait behind one timer
 * (deadlines.ts), so that a call costs an AbortController and no timer.
 *
 * The sources: "HTTP Semantics" (RFC 9110) for methods and Retry-After, Finagle's RetryBudget, "The
 * Tail at Scale" (Dean and Barroso) for hedges, "Exponential Backoff And Jitter" (AWS).
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import { onAbort } from "../wait.ts";
import { AttemptControl } from "./attempt_control.ts";
import { BalancedCall } from "./balanced_call.ts";
import { discard } from "./body_end.ts";
import type { CallContext } from "./call_context.ts";
import {
  type CallPolicy,
  type FetchCallOptions,
  type PilotedFetch,
  policyOf,
  takeCallOptions,
} from "./call_options.ts";
import type { CallTarget } from "./call_target.ts";
import { Deadlines } from "./deadlines.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import { observeCall } from "./observed_call.ts";
import { Pauses } from "./pauses.ts";
import { isRedirect, markRedirected, nextRequest, type Redirect } from "./redirects.ts";
import { fromRequest, isForeign, isRequest, nativeInit, tidyInit } from "./request_init.ts";
import { methodOf } from "./retry_policy.ts";
import { type ResolvedRoute, routeOf } from "./routes.ts";
import { type FoundService, ServiceHosts } from "./service_hosts.ts";
import { hostEnd, hostStart, plainUrl } from "./service_url.ts";

/**
 * What `createFetch()` loads with its first request.
 *
 * @param source Gives endpoints.
 * @param options Deadlines, retries, hedges and limits.
 * @returns A function with the signature of the platform's `fetch`.
 */
export function balancedFetch(source: FetchSource, options: ResolvedFetchOptions): PilotedFetch {
  const balanced = new BalancedFetch(source, options);
  return (input, init) => balanced.fetch(input, init);
}

class BalancedFetch {
  readonly #context: CallContext;
  readonly #hosts: ServiceHosts;
  readonly #policy: CallPolicy;
  readonly #routePolicies: ReadonlyMap<ResolvedRoute, CallPolicy>;
  /** The last URL up to its path, and its service: most URLs begin like the one before. */
  #lastStart = "";
  #lastFound: FoundService | undefined;

  constructor(source: FetchSource, options: ResolvedFetchOptions) {
    const pauses = new Pauses();
    const deadlines = new Deadlines(options.clock, pauses);
    this.#context = {
      source,
      options,
      pauses,
      deadlines,
      answered: new Set(),
      hidesRedirects: false,
      follow: (redirect, deadline) => this.#follow(redirect, deadline),
    };
    this.#hosts = new ServiceHosts(source, options);
    this.#policy = policyOf(options);
    this.#routePolicies = new Map(
      options.routes.map((route) => [route, policyOf(options, undefined, undefined, route)]),
    );
    onAbort(source.closeSignal, (reason) => deadlines.close(options.closeGraceMs, reason));
  }

  // Not async: the caller gets the promise of the call itself.
  fetch(
    input: string | URL | Request,
    given: Parameters<PilotedFetch>[1],
  ): Promise<Response> {
    try {
      const taken = given?.piloted === undefined ? undefined : takeCallOptions(given);
      const init = taken === undefined ? given : taken.init;
      const url = urlOf(input);
      const target = this.#target(url, taken?.call, this.#methodOf(input, init));
      if (target === undefined) return this.#sendElsewhere(url, input, init);
      if (isRequest(input)) {
        return fromRequest(input, init).then((init) => this.#send(target, tidyInit(init)));
      }
      if (init === undefined) return this.#send(target, init);
      if (isForeign(init.body)) {
        return nativeInit(init).then((init) => this.#send(target, tidyInit(init)));
      }
      return this.#send(target, tidyInit(init));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The method of a request, where routes need it. */
  #methodOf(input: string | URL | Request, init: RequestInit | undefined): string {
    if (this.#context.options.routes.length === 0) return "";
    const { method } = isRequest(input) ? input : { method: undefined };
    return init?.method === undefined && method !== undefined
      ? method.toUpperCase()
      : methodOf(init);
  }

  /** The service that a URL means. */
  #target(
    given: string,
    call: FetchCallOptions | undefined,
    method: string,
  ): CallTarget | undefined {
    const last = this.#lastFound;
    if (last !== undefined && call === undefined && given.startsWith(this.#lastStart)) {
      const start = hostStart(given);
      return this.#targetOf(last, call, given, start, this.#lastStart.length - 1, method);
    }
    let url = given;
    let start = hostStart(url);
    let end = start < 0 ? -1 : hostEnd(url, start);
    if (end < 0) {
      const plain = plainUrl(url, (host) => this.#hosts.find(host) !== undefined);
      if (plain === undefined) return undefined;
      url = plain;
      start = hostStart(url);
      end = hostEnd(url, start);
      if (end < 0) return undefined;
    }
    const found = this.#hosts.find(url.slice(start, end));
    if (found === undefined) return undefined;
    if (url[end] === "/") {
      this.#lastStart = url.slice(0, end + 1);
      this.#lastFound = found;
    }
    return this.#targetOf(found, call, url, start, end, method);
  }

  #targetOf(
    { traffic, tag, source }: FoundService,
    call: FetchCallOptions | undefined,
    url: string,
    start: number,
    end: number,
    method: string,
  ): CallTarget {
    const { options } = this.#context;
    const route = options.routes.length === 0 ? undefined : routeOf(options.routes, method, url);
    const policy = call !== undefined || tag !== undefined
      ? policyOf(options, call, tag, route)
      : route === undefined
      ? this.#policy
      : this.#routePolicies.get(route)!;
    return { source, traffic, url, start, end, policy };
  }

  #send(target: CallTarget, init: RequestInit | undefined, hops = 0): Promise<Response> {
    const context = this.#context;
    const { observer, clock } = context.options;
    if (observer === undefined) return new BalancedCall(context, target, init, hops).send();
    const { traffic: { service, retries }, url } = target;
    const call = { service, method: methodOf(init), url, startedAt: clock.now() };
    return observeCall(
      observer,
      call,
      clock,
      retries,
      (told) => new BalancedCall(context, target, init, hops, told).send(),
    );
  }

  /** Follows a redirect that leads to another service, or away from all of them. */
  async #follow(first: Redirect, deadline: number): Promise<Response> {
    const { options, deadlines } = this.#context;
    let redirect = first;
    for (;;) {
      const { url, init, hops } = redirect;
      const now = options.clock.now();
      const timeoutMs = deadline - now;
      const call = timeoutMs === Infinity ? undefined : { timeoutMs };
      const target = this.#target(url, call, methodOf(init));
      if (target !== undefined) return await this.#send(target, init, hops);
      if (options.unknownHosts === "reject") throw unknownHost(url);
      const signal = init.signal ?? undefined;
      const control = new AttemptControl(true, signal);
      deadlines.add(control, now, timeoutMs);
      let response: Response;
      try {
        response = await options.fetch(url, {
          ...init,
          redirect: "manual",
          signal: control.signal,
        });
      } catch (error) {
        control.stop();
        throw error;
      }
      if (!isRedirect(response)) {
        control.stop(response);
        return markRedirected(response);
      }
      control.stop();
      const { origin } = new URL(url);
      redirect = nextRequest(response, url, init, hops, (to) => to.origin === origin);
      discard(response);
    }
  }

  #sendElsewhere(
    url: string,
    input: string | URL | Request,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const { fetch, unknownHosts } = this.#context.options;
    if (unknownHosts === "pass-through") return fetch(input, init);
    throw unknownHost(url);
  }
}

// What is no URL throws a TypeError, as fetch() would.
function unknownHost(url: string): PilotedError {
  const { origin } = new URL(url);
  return new PilotedError(
    "UNKNOWN_SERVICE",
    `Cannot fetch from ${origin}: its host is not a watched service, and unknownHosts is "reject"`,
    { url: origin },
  );
}

function urlOf(input: string | URL | Request): string {
  if (typeof input === "string") return input;
  if (input instanceof URL) return input.href;
  return isRequest(input) ? input.url : String(input);
}
