/**
 * What a response says about its endpoint.
 *
 * @module
 */

/** What a response says about its endpoint: it works, it fails, or neither. */
export type ResponseVerdict = "success" | "failure" | "unknown";

/**
 * The default of the option `classify`: 1xx to 3xx are a success, 5xx a failure, and 4xx neither, since
 * they say more about the request. A latency is learned from successes only, so that an endpoint which
 * responds to everything with an error page at once attracts no requests.
 *
 * @param response The response; its body must not be read.
 * @returns What it says.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifyResponse } from "./classify.ts";
 *
 * assertEquals(classifyResponse(new Response(null, { status: 500 })), "failure");
 * assertEquals(classifyResponse(new Response(null, { status: 404 })), "unknown");
 * ```
 */
export function classifyResponse(response: Pick<Response, "status">): ResponseVerdict {
  const { status } = response;
  if (status < 400) return "success";
  return status < 500 ? "unknown" : "failure";
}
