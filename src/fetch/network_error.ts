/**
 * What a failed fetch means. Every runtime has its own words for it.
 *
 * @module
 */

// Codes of Node and Bun when no connection could be made.
const CONNECT_FAILED = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
];

// Codes of Node for wrong arguments.
const WRONG_CALL = /^ERR_(INVALID|BODY)_/;

/**
 * Classifies the error of a failed fetch.
 *
 * @param error What it rejected with.
 * @returns `connect_failed` when no connection could be made, so that the request certainly never left;
 * `reset` for every other failure of the network; `undefined` when the arguments were wrong.
 */
export function networkFailure(error: unknown): "connect_failed" | "reset" | undefined {
  if (!(error instanceof Error)) return "reset";
  const codes = codesOf(error);
  if (codes.length > 0) {
    if (codes.every((code) => WRONG_CALL.test(code))) return undefined;
    return codes.every((code) => CONNECT_FAILED.includes(code)) ? "connect_failed" : "reset";
  }
  const words = error.cause instanceof Error ? error.cause.message : error.message;
  // Deno has no codes. A failed TLS handshake is a "Connect" error, too.
  if (/client error \(Connect\)|dns error/.test(words)) return "connect_failed";
  // Wrong arguments are TypeErrors without a cause, failures of the network have one.
  const isWrongCall = error instanceof TypeError && error.cause === undefined &&
    !/fetch failed|sending request|network|connection|socket/i.test(words);
  return isWrongCall ? undefined : "reset";
}

/** Codes of an error, of what caused it, and of all attempts at several addresses. */
function codesOf(error: Error): string[] {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.flatMap((one) => one instanceof Error ? codesOf(one) : []);
  }
  if (typeof code === "string") return [code];
  return cause instanceof Error ? codesOf(cause) : [];
}
