/**
 * The balanced fetch, loaded with its first request.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import { type FetchOptions, resolveFetchOptions } from "../fetch/fetch_options.ts";
import type { FetchSource } from "../fetch/fetch_source.ts";

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
export function createFetch(source: FetchSource, options: FetchOptions = {}): Fetch {
  // Wrong options are told now, not with the first request.
  resolveFetchOptions(options);
  let send: Fetch | undefined;
  let loading: Promise<Fetch> | undefined;
  return (input, init) => {
    if (send !== undefined) return send(input, init);
    loading ??= import("../fetch/create_fetch.ts").then((module) =>
      send = module.createFetch(source, options)
    );
    return loading.then((loaded) => loaded(input, init));
  };
}
