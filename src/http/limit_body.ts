/**
 * Limits on request bodies.
 *
 * @module
 */
import { format } from "@std/fmt/bytes";
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../clock.ts";
import { problem } from "./routes/problem.ts";

// No route reads more than the token of the sign-in form.
const LIMIT_BYTES = 4_096;
const TIMEOUT_MS = 10_000;

/**
 * Reads the body of a request.
 *
 * @param request The request.
 * @param clock Clock of the time limit.
 * @returns The text; a response with status 413 when the body is longer than any route needs, 408
 * when it does not arrive in time, and 400 when the client breaks it off.
 */
export async function readBody(request: Request, clock: Clock): Promise<string | Response> {
  if (Number(request.headers.get("content-length") ?? 0) > LIMIT_BYTES) return tooLong();
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  let isLate = false;
  // On Bun a reader is not woken by its own cancel().
  let wake = () => {};
  const late = new Promise<{ done: true; value?: undefined }>((resolve) => {
    wake = () => resolve({ done: true });
  });
  const timer = clock.start(
    () => {
      isLate = true;
      wake();
    },
    TIMEOUT_MS,
    true,
  );
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (isLate) break;
      if (done) return text + decoder.decode();
      length += value.byteLength;
      if (length > LIMIT_BYTES) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // Nobody is left to read this.
    return problem(400, "Cannot read the body: the client ended it");
  } finally {
    timer.cancel();
  }
  reader.cancel().catch(() => {});
  if (!isLate) return tooLong();
  return problem(408, `Cannot read the body: it did not arrive within ${TIMEOUT_MS} ms`);
}

/** Reads and ignores the body of requests that need none. */
export function limitBody(clock: Clock): MiddlewareHandler {
  return async (c, next) => {
    const body = await readBody(c.req.raw, clock);
    return typeof body === "string" ? await next() : body;
  };
}

function tooLong(): Response {
  const limit = format(LIMIT_BYTES, { binary: true });
  return problem(413, `Cannot accept the body: the limit is ${limit}`);
}
