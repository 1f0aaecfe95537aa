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
 * @param request The request; its body is consumed. It may be one of another package: undici's,
 * node-fetch's.
 * @param init Overrides it, and may have fields of one runtime (`dispatcher`, `client`, `tls`).
 * @returns The init.
 * @throws {TypeError} when the body of the request was used before.
 */
export async function fromRequest(
  request: Request,
  init: RequestInit | undefined,
): Promise<RequestInit> {
  const result: Record<string, unknown> = {};
  for (const field of FIELDS) {
    if (request[field] !== undefined) result[field] = request[field];
  }
  for (const [field, value] of Object.entries(init ?? {})) {
    if (value !== undefined) result[field] = value;
  }
  const own = init?.body;
  if (own !== undefined && own !== null) return await nativeInit(result);
  if (request.bodyUsed) {
    throw new TypeError("Cannot fetch: the body of the request was used before");
  }
  const { body } = request;
  if (body === null || body === undefined) return result;
  const taken = await takeBody(body);
  result.body = taken;
  if (taken instanceof ReadableStream) result.duplex = "half";
  return result;
}

const PARTS = ["FormData", "Blob", "File"];

/**
 * Whether a body is a form or a blob of another package, which some runtimes send as `[object FormData]`.
 *
 * @param body Body of a request.
 */
export function isForeign(body: unknown): boolean {
  if (typeof body !== "object" || body === null) return false;
  if (body instanceof Blob || body instanceof FormData) return false;
  return PARTS.includes((body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]!);
}

/**
 * Replaces a form or blob of another package by one of this runtime: with a length, and repeatable.
 *
 * @param init The request.
 * @returns The same, or a copy with another body.
 */
export async function nativeInit(init: RequestInit): Promise<RequestInit> {
  const { body } = init;
  if (!isForeign(body)) return init;
  if (!("getAll" in (body as object))) return { ...init, body: await nativeBlob(body as Blob) };
  const form = new FormData();
  // Not every runtime's types let a form be iterated.
  const parts: [string, string | File][] = [];
  (body as FormData).forEach((value, name) => parts.push([name, value]));
  for (const [name, value] of parts) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, await nativeBlob(value), value.name);
  }
  return { ...init, body: form };
}

async function nativeBlob(blob: Blob): Promise<Blob> {
  return isForeign(blob) ? new Blob([await blob.arrayBuffer()], { type: blob.type }) : blob;
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
