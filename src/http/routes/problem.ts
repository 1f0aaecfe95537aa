/**
 * Error responses as RFC 9457 ("Problem Details for HTTP APIs") defines them.
 *
 * @module
 */
import { isPilotedError } from "../../any_piloted_error.ts";
import type { PilotedErrorCode } from "../../errors.ts";
import { NoMatchError } from "./filtered_picks.ts";
import { ParameterError } from "./query_parameters.ts";

/** Receives the error behind a response with status 500, and the request. */
export type ErrorListener = (error: unknown, request: Request) => void;

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  421: "Misdirected Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const STATUSES: Partial<Record<PilotedErrorCode, number>> = {
  UNKNOWN_SERVICE: 404,
  UNSUPPORTED: 501,
  NO_ENDPOINTS: 503,
  NOT_CONFIGURED: 503,
  OVERLOADED: 503,
  CLOSED: 503,
  LOAD_FAILED: 503,
  REGISTRY_UNREACHABLE: 503,
  REGISTRY_DENIED: 502,
  REGISTRY_RESPONSE: 502,
  TIMEOUT: 504,
};

/**
 * Creates an error response.
 *
 * @param status HTTP status.
 * @param detail What is wrong with this request, in words.
 * @param members More members of the body.
 * @param headers More headers.
 * @returns An `application/problem+json` response that must not be cached.
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
 * Creates the response to a request whose handler threw. Details go to the client only for errors
 * that are Piloted's own.
 *
 * @param error What was thrown.
 * @param request The request.
 * @param onError Called when the response is a 500.
 * @returns The response; a 503 has `Retry-After`.
 */
export function errorResponse(
  error: unknown,
  request: Request,
  onError: ErrorListener | undefined,
): Response {
  if (error instanceof ParameterError) {
    return problem(400, error.message, { errors: error.errors });
  }
  if (error instanceof NoMatchError) {
    return problem(404, error.message, { service: error.service });
  }
  const status = isPilotedError(error) ? STATUSES[error.code] ?? 500 : 500;
  if (status === 500) report(error, request, onError);
  if (!isPilotedError(error)) return problem(500, "Cannot respond: unexpected error");
  const { code, message, service, retryAfterMs, instances } = error;
  const retryAfter = String(Math.ceil((retryAfterMs ?? 1_000) / 1_000));
  return problem(
    status,
    message,
    { code, service, instances },
    status === 503 ? { "retry-after": retryAfter } : {},
  );
}

/**
 * Creates the response to a method that a path does not support.
 *
 * @param allow Supported methods, as in the `Allow` header.
 * @returns The response.
 */
export function methodNotAllowed(allow: string): Response {
  return problem(405, `Cannot use this method here: use ${allow}`, {}, { allow });
}

function report(error: unknown, request: Request, onError: ErrorListener | undefined): void {
  try {
    onError?.(error, request);
  } catch {
    // A broken hook must not cost the client its response.
  }
}
