/**
 * Requests as URL and init, which can be sent to another URL.
 *
 * @module
 */
import { takeBody } from "./request_body.ts";

/** What a request says beside its URL and body. Some runtimes do not know all of it. */
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
 * Whether something is a `Request`, of this realm or another.
 *
 * @param input First argument of a fetch.
 */
export function isRequest(input: RequestInfo | URL): input is Request {
  return typeof input === "object" && "url" in input;
}

/**
 * Takes a request apart.
 *
 * @param request The request; its body is used up.
 * @param init What overrides it, and what only one runtime knows (`dispatcher`, `client`, `tls`).
 * @returns The same as an init.
 */
export async function fromRequest(
  request: Request,
  init: RequestInit | undefined,
): Promise<RequestInit> {
  const merged = init === undefined ? request : new Request(request, init);
  const result: Record<string, unknown> = { ...init };
  for (const field of FIELDS) {
    if (merged[field] !== undefined) result[field] = merged[field];
  }
  const { body } = merged;
  if (body !== null && body !== undefined) {
    result.body = await takeBody(body);
    if (result.body instanceof ReadableStream) result.duplex = "half";
  }
  return result;
}
