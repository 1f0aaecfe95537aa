/**
 * Converting a `Request` to an init, which can be sent to another URL.
 *
 * @module
 */
import { takeBody } from "./request_body.ts";

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
