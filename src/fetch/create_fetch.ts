/**
 * A `fetch` that knows services by name.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import { BalancedCall, type CallContext } from "./balanced_call.ts";
import { type FetchOptions, resolveFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import { observeCall } from "./observed_call.ts";
import { fromRequest, isRequest } from "./request_init.ts";
import { methodOf } from "./retry_policy.ts";
import { ServiceTraffic } from "./service_traffic.ts";
import { hostEnd, hostStart, plainUrl } from "./service_url.ts";

/**
 * Makes a `fetch` that sends a request for `http://customers/orders` to a healthy endpoint of the
 * service `customers`, and to another one when that fails. URLs of other hosts go through untouched.
 *
 * @param source Gives endpoints: a `Piloted`.
 * @param options Deadlines, retries, hedges and limits.
 * @returns A function with the signature of the platform's `fetch`. It rejects with a `PilotedError`
 * (`NO_ENDPOINTS`, `OVERLOADED`, `TIMEOUT`, `REQUEST_FAILED`) where it fails, which has every attempt
 * in `attempts`, and with the signal's own reason where the caller aborts.
 * @throws {TypeError} when an option is not one of its words.
 * @throws {RangeError} when a number is not in its range.
 *
 * @example
 * ```ts
 * import { createFetch, createPiloted } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * const fetch = createFetch(piloted, {
 *   timeoutMs: 2_000,
 *   fetch: (input) => Promise.resolve(new Response(`from ${input}`)), // only here: the runtime's own
 * });
 * const response = await fetch("http://customers/orders");
 * assertEquals(await response.text(), "from http://10.0.0.1:8080/orders");
 * ```
 */
export function createFetch(source: FetchSource, options: FetchOptions = {}): typeof fetch {
  const balanced = new BalancedFetch({ source, options: resolveFetchOptions(options) });
  return (input, init) => balanced.fetch(input, init);
}

class BalancedFetch {
  readonly #context: CallContext;
  readonly #traffic = new Map<string, ServiceTraffic>();

  constructor(context: CallContext) {
    this.#context = context;
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
    if (observer === undefined) {
      return new BalancedCall(context, traffic, url, start, end, init).send();
    }
    const { service } = traffic;
    const call = { service, method: methodOf(init), url, startedAt: clock.now() };
    return observeCall(
      observer,
      call,
      clock,
      (told) => new BalancedCall(context, traffic, url, start, end, init, told).send(),
    );
  }

  #sendElsewhere(
    url: string,
    input: RequestInfo | URL,
    init: RequestInit | undefined,
  ): Promise<Response> {
    const { fetch, others } = this.#context.options;
    if (others === "pass" || !URL.canParse(url)) return fetch(input, init);
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
