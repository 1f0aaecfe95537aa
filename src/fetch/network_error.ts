/**
 * Telling what a failed fetch means, which every runtime says in its own words.
 *
 * @module
 */

// What Node and Bun say when there was nobody to send the request to.
const UNREACHABLE = [
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

// What they say of arguments that can't be.
const WRONG_CALL = /^ERR_(INVALID|BODY)_/;

/**
 * Tells what a failed fetch means.
 *
 * @param error What it rejected with.
 * @returns `connect_failed` when no connection could be made, so that the request certainly never left;
 * `reset` for every other failure of the network; `undefined` when the call itself was wrong.
 */
export function networkFailure(error: unknown): "connect_failed" | "reset" | undefined {
  if (!(error instanceof Error)) return "reset";
  const codes = codesOf(error);
  if (codes.length > 0) {
    if (codes.every((code) => WRONG_CALL.test(code))) return undefined;
    return codes.every((code) => UNREACHABLE.includes(code)) ? "connect_failed" : "reset";
  }
  const words = error.cause instanceof Error ? error.cause.message : error.message;
  // Deno has no codes. A TLS handshake that fails is "Connect" to it as well.
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
