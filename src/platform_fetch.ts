/**
 * The signature of `fetch`, without what a runtime adds to its own.
 *
 * @module
 */

/**
 * A function with the signature of the platform's `fetch`: taken wherever Piloted sends requests,
 * and returned wherever it gives out a `fetch`. Unlike `typeof fetch` it has no properties of one
 * runtime (Bun's has `preconnect`), so that any function of this shape fits. `RequestInfo` is written
 * out, because Bun's types have no such name.
 */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * The runtime's own `fetch`, looked up on every call so that a test or a tracer can replace it, and
 * never called as a method, which workerd refuses.
 *
 * @param input URL or request.
 * @param init Options of the request.
 * @returns The response.
 */
export function platformFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  return fetch(input, init);
}

let noStore: RequestInit | undefined;

/**
 * Keeps caches out, where the platform has any.
 *
 * @returns Options of a request. Empty where the platform refuses the option `cache`, as workerd does
 * with a compatibility date before 2024-11-11.
 */
export function uncached(): RequestInit {
  if (noStore !== undefined) return noStore;
  const init: RequestInit = { cache: "no-store" };
  try {
    new Request("http://localhost/", init);
    return noStore = init;
  } catch {
    return noStore = {};
  }
}
