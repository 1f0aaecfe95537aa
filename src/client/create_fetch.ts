/**
 * The balanced fetch, loaded with its first request.
 *
 * @module
 */
import {
  type FetchOptions,
  type ResolvedFetchOptions,
  resolveFetchOptions,
} from "../fetch/fetch_options.ts";
import { checkFetchSource, type FetchSource } from "../fetch/fetch_source.ts";
import { loadModule } from "../load_module.ts";
import type { PilotedFetch } from "../fetch/call_options.ts";

/**
 * Creates a `fetch` that sends a request for `http://customers/orders` to a healthy endpoint of the
 * service `customers`, and to another one if that fails. URLs of other hosts are sent unchanged.
 *
 * @param source Gives endpoints: a `Piloted`.
 * @param options Deadlines, retries, hedges and limits.
 * @returns A function with the signature of the platform's `fetch`. It rejects with a `PilotedError`
 * (`NO_ENDPOINTS`, `OVERLOADED`, `TIMEOUT`, `REQUEST_FAILED`), which has every attempt in `attempts`,
 * or with the signal's own reason when the caller aborts.
 * @throws {TypeError} when the source is no client, or an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
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
export function createFetch(source: FetchSource, options: FetchOptions = {}): PilotedFetch {
  checkFetchSource(source);
  const resolved = resolveFetchOptions(options);
  let send: PilotedFetch | undefined;
  let loading: Promise<PilotedFetch> | undefined;
  return (input, init) => {
    if (send !== undefined) return send(input, init);
    // The next request tries again after a failure, for example without free file descriptors.
    loading ??= load(source, resolved).catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading.then((loaded) => (send = loaded)(input, init));
  };
}

async function load(source: FetchSource, options: ResolvedFetchOptions): Promise<PilotedFetch> {
  const { balancedFetch } = await loadModule(() => import("../fetch/balanced_fetch.ts"));
  return balancedFetch(source, options);
}
