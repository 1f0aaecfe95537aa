/**
 * What a failed fetch means. Every runtime has its own words for it.
 *
 * @module
 */

// Codes that only exist while a connection is made: of Node, undici and Bun.
const CONNECT_FAILED = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
  "FailedToOpenSocket",
  "DNSResolveFailed",
];

// Of a connection in use, unless the system call was connect(): an open one can lose its route, too.
const NETWORK = [
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTCONN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "ENETRESET",
  "EADDRNOTAVAIL",
  "EPROTO",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_HEADERS_OVERFLOW",
  "UND_ERR_RES_EXCEEDED_MAX_SIZE",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ConnectionClosed",
  "Timeout",
];

// Parsers and TLS. What else has a code was caused by no endpoint: `UND_ERR_INVALID_ARG` (headers such
// as Upgrade and Keep-Alive), `UND_ERR_NOT_SUPPORTED` (Expect), `UND_ERR_REQ_CONTENT_LENGTH_MISMATCH`,
// `UND_ERR_CLOSED` and `UND_ERR_DESTROYED` (the caller's dispatcher), `ERR_INVALID_*`, `ERR_BODY_*`,
// `EMFILE`, and whatever the body of a request throws.
const PROTOCOL =
  /^(HPE_|ERR_SSL_|ERR_TLS_|ERR_HTTP2_|ERR_HTTP_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|Malformed|Invalid_?HTTP|.*HTTP_?Response|HTTPHeaders)/;

// Deno has no codes. A failed TLS handshake is a "Connect" error, too.
const CONNECT_WORDS = /client error \(Connect\)|dns error/;
const CALLER_WORDS = /from user|user body|user's|builder error|unsupported/i;
const NETWORK_WORDS =
  /error sending request|client error|connection|socket|network|failed to fetch|load failed/i;

/**
 * Classifies the error of a failed fetch.
 *
 * @param error What it rejected with.
 * @returns `connect_failed` when the request's own connection was certainly never made; `reset` for
 * every other failure of a connection; `undefined` when nothing shows that a connection was used: the
 * arguments were wrong, or the body of the request has failed.
 */
export function networkFailure(error: unknown): "connect_failed" | "reset" | undefined {
  if (!(error instanceof Error)) return undefined;
  const kinds = codedErrors(error).map(kindOfCode);
  if (kinds.length > 0) {
    if (kinds.every((kind) => kind === "connect_failed")) return "connect_failed";
    return kinds.every((kind) => kind === undefined) ? undefined : "reset";
  }
  const words = error.cause instanceof Error ? error.cause.message : error.message;
  if (CONNECT_WORDS.test(words)) return "connect_failed";
  return NETWORK_WORDS.test(words) && !CALLER_WORDS.test(words) ? "reset" : undefined;
}

function kindOfCode({ code, syscall }: Coded): "connect_failed" | "reset" | undefined {
  if (CONNECT_FAILED.includes(code)) return "connect_failed";
  if (NETWORK.includes(code)) return syscall === "connect" ? "connect_failed" : "reset";
  return PROTOCOL.test(code) || code.includes("_CERT") ? "reset" : undefined;
}

interface Coded {
  readonly code: string;
  readonly syscall?: unknown;
}

/** An error with a code, or what caused it, or those of all attempts at several addresses. */
function codedErrors(error: Error): Coded[] {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.flatMap((one) => one instanceof Error ? codedErrors(one) : []);
  }
  if (typeof code === "string") return [error as Error & Coded];
  return cause instanceof Error ? codedErrors(cause) : [];
}
