/**
 * Converting a `Request` to an init, which can be sent to another URL.
 *
 * @module
 */
import { isReplayable, takeBody } from "./request_body.ts";

/** Fields of a request besides URL and body. Some runtimes do not have all of them. */
const FIELDS = [
  "method",
  "headers",
  "redirect",
  "signal",
  "credentials",
  "cache",
  "mode",
  "referrer",
  "referrerPolicy",
  "integrity",
  "keepalive",
] as const;

/**
 * Whether something is a `Request`, also one of another realm.
 *
 * @param input First argument of a fetch.
 */
export function isRequest(input: string | URL | Request): input is Request {
  return typeof input === "object" && "url" in input;
}

/**
 * Converts a request to an init.
 *
 * @param request The request; its body is consumed.
 * @param init Overrides it, and may have fields of one runtime (`dispatcher`, `client`, `tls`).
 * @returns The init.
 */
export async function fromRequest(
  request: Request,
  init: RequestInit | undefined,
): Promise<RequestInit> {
  const isOverridden = init !== undefined && Object.keys(init).length > 0;
  const merged = isOverridden ? new Request(request, init) : request;
  const result: Record<string, unknown> = { ...init };
  for (const field of FIELDS) {
    if (merged[field] !== undefined) result[field] = merged[field];
  }
  const { body } = merged;
  if (body === null || body === undefined) return result;
  // A body of the init is still what it was; only that of the request is a stream.
  const given = init?.body ?? await takeBody(body);
  result.body = given;
  if (given instanceof ReadableStream) result.duplex = "half";
  return result;
}

/**
 * Checks and tidies what no endpoint must be blamed for.
 *
 * @param init The request.
 * @returns The same, without a `Content-Length` where the platform knows the length itself: a wrong one
 * makes undici wait for ever or fail, and the others ignore it.
 * @throws {TypeError} when the method makes a tunnel, which no runtime sends as a request.
 */
export function tidyInit(init: RequestInit): RequestInit {
  const { method, headers, body } = init;
  if (method !== undefined && /^(connect|track)$/i.test(method)) {
    throw new TypeError(`Cannot fetch: the method ${method} is not a request to a service`);
  }
  if (headers === undefined || body === undefined || body === null || !isReplayable(body)) {
    return init;
  }
  const copy = new Headers(headers);
  if (!copy.has("content-length")) return init;
  copy.delete("content-length");
  return { ...init, headers: copy };
}
