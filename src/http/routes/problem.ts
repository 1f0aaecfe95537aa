/**
 * Errors as RFC 9457 ("Problem Details for HTTP APIs") wants them.
 *
 * @module
 */
import { PilotedError, type PilotedErrorCode } from "../../errors.ts";
import { ParameterError } from "./query_parameters.ts";
import { NoMatchError } from "./filtered_picks.ts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  414: "URI Too Long",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const STATUSES: Partial<Record<PilotedErrorCode, number>> = {
  UNKNOWN_SERVICE: 404,
  NO_ENDPOINTS: 503,
  NOT_CONFIGURED: 503,
  OVERLOADED: 503,
  CLOSED: 503,
  REGISTRY_UNREACHABLE: 503,
  REGISTRY_DENIED: 502,
  REGISTRY_RESPONSE: 502,
  TIMEOUT: 504,
};

/**
 * Makes the answer to a request that can't be served.
 *
 * @param status HTTP status.
 * @param detail What is wrong with this request, for people.
 * @param members Further members of the body.
 * @param headers Further headers.
 * @returns An `application/problem+json` response that no cache keeps.
 */
export function problem(
  status: number,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = { type: "about:blank", title: TITLES[status], status, detail, ...members };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/**
 * Makes the answer to a request that failed.
 *
 * @param error What was thrown. Only what Piloted itself throws is told to the client.
 * @returns The response; with `Retry-After` where trying again soon may help.
 */
export function problemOf(error: unknown): Response {
  if (error instanceof ParameterError) {
    return problem(400, error.message, { errors: error.errors });
  }
  if (error instanceof NoMatchError) {
    return problem(404, error.message, { service: error.service });
  }
  if (!(error instanceof PilotedError)) return problem(500, "Cannot answer: an unexpected error");
  const { code, message, service, retryAfterMs } = error;
  const status = STATUSES[code] ?? 500;
  const retryAfter = String(Math.ceil((retryAfterMs ?? 1_000) / 1_000));
  return problem(
    status,
    message,
    { code, service },
    status === 503 ? { "retry-after": retryAfter } : {},
  );
}

/**
 * Makes the answer to a method that a path does not have.
 *
 * @param allow Methods that it has, as the `Allow` header lists them.
 * @returns The response.
 */
export function methodNotAllowed(allow: string): Response {
  return problem(405, `Cannot use this method here: allowed are ${allow}`, {}, { allow });
}
