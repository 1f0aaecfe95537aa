/**
 * A `fetch` that knows services by name.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import { PilotedError } from "../errors.ts";
import { BalancedCall, type CallContext } from "./balanced_call.ts";
import { type FetchOptions, resolveFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import { observeCall } from "./observed_call.ts";
import { fromRequest, isRequest } from "./request_init.ts";
import { methodOf } from "./retry_policy.ts";
import { ServiceTraffic } from "./service_traffic.ts";
import { isPlain, sendPlainly } from "./send_plainly.ts";
import { hostEnd, hostStart, plainUrl } from "./service_url.ts";

/**
 * What the `createFetch()` of mod.ts loads; described there.
 *
 * @param source Gives endpoints.
 * @param options Deadlines, retries, hedges and limits.
 * @returns A function with the signature of the platform's `fetch`.
 */
export function createFetch(source: FetchSource, options: FetchOptions = {}): Fetch {
  const balanced = new BalancedFetch({ source, options: resolveFetchOptions(options) });
  return (input, init) => balanced.fetch(input, init);
}

class BalancedFetch {
  readonly #context: CallContext;
  readonly #traffic = new Map<string, ServiceTraffic>();

  readonly #plain: boolean;

  constructor(context: CallContext) {
    this.#context = context;
    this.#plain = isPlain(context.options);
  }

  // Not async: the promise of the call is the promise that the caller gets.
  fetch(input: RequestInfo | URL, init: RequestInit | undefined): Promise<Response> {
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
      const service = this.#find(url.slice(start, end));
      if (service === undefined) return this.#sendElsewhere(url, input, init);
      return isRequest(input)
        ? fromRequest(input, init).then((init) => this.#send(service, url, start, end, init))
        : this.#send(service, url, start, end, init);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The host's name as it is written, or as URLs write it. */
  #find(name: string): ServiceTraffic | undefined {
    return this.#trafficOf(name) ?? this.#trafficOf(name.toLowerCase());
  }

  #trafficOf(service: string): ServiceTraffic | undefined {
    const { source, options } = this.#context;
    if (!source.has(service)) return undefined;
    let traffic = this.#traffic.get(service);
    if (traffic === undefined) {
      this.#traffic.set(service, traffic = new ServiceTraffic(service, options));
    }
    return traffic;
  }

  #send(
    traffic: ServiceTraffic,
    url: string,
    start: number,
    end: number,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const context = this.#context;
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
    input: RequestInfo | URL,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const { fetch, others } = this.#context.options;
    if (others === "pass") return fetch(input, init);
    // No URL at all is a TypeError of URL's own, as it would be one of fetch().
    const { origin } = new URL(url);
    throw new PilotedError(
      "UNKNOWN_SERVICE",
      `Cannot fetch from ${origin}: only watched services are allowed`,
      { url: origin },
    );
  }
}

function urlOf(input: RequestInfo | URL): string {
  if (typeof input === "string") return input;
  if (input instanceof URL) return input.href;
  return isRequest(input) ? input.url : String(input);
}
