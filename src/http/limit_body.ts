/**
 * A limit on request bodies.
 *
 * @module
 */
import { format } from "@std/fmt/bytes";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { problem } from "./routes/problem.ts";

// No route reads more than the token of the sign-in form.
const LIMIT_BYTES = 4_096;

/** Responds 413 to requests with a longer body than any route needs. */
export function limitBody(): MiddlewareHandler {
  const limit = format(LIMIT_BYTES, { binary: true });
  return bodyLimit({
    maxSize: LIMIT_BYTES,
    onError: () => problem(413, `Cannot accept the body: the limit is ${limit}`),
  });
}
