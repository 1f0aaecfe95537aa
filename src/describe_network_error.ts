/**
 * Why a connection failed, in the same words on every runtime.
 *
 * @module
 */

// Codes of Node's sockets and undici, and of Bun's fetch.
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ConnectionRefused: "the connection was refused",
  ENOTFOUND: "the host name was not found",
  EAI_AGAIN: "the host name cannot be resolved now, the name server does not respond",
  EAI_NODATA: "the host name was not found",
  EAI_NONAME: "the host name was not found",
  ENOENT: "there is no such socket",
  EACCES: "permission denied",
  ECONNRESET: "the connection was reset",
  ConnectionReset: "the connection was reset",
  EPIPE: "the connection was reset",
  ConnectionClosed: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  ETIMEDOUT: "the connection timed out",
  ConnectTimeout: "the connection timed out",
  Timeout: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "no response in time",
  UND_ERR_BODY_TIMEOUT: "the body stopped arriving",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  EADDRNOTAVAIL: "no local address or port is free for the connection",
  EMFILE: "too many open files in this process",
  ENFILE: "too many open files on this machine",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REVOKED: "the certificate was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed and not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is signed by an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate is signed by an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "the certificate is signed by an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate is signed by an authority that is not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host name",
  ERR_SSL_WRONG_VERSION_NUMBER: "the port does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the port does not speak TLS",
  Malformed_HTTP_Response: "the response is not HTTP",
  InvalidHTTPResponse: "the response is not HTTP",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the body is shorter or longer than its Content-Length",
  UND_ERR_HEADERS_OVERFLOW: "the headers of the response are too large",
  HPE_HEADER_OVERFLOW: "the headers of the response are too large",
};

const TLS_REFUSED =
  "the connection was closed after the TLS handshake, does the other side require a client certificate?";
const TLS_CLOSED = "the connection was closed during the TLS handshake";

// Words of Deno (hyper, rustls and the operating system), OpenSSL, and of errors without a code.
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/connection refused|Unable to connect\./i, CODES.ECONNREFUSED!],
  [
    /failed to lookup address|Name or service not known|No address associated|nodename nor servname/i,
    CODES.ENOTFOUND!,
  ],
  [/Temporary failure in name resolution/i, CODES.EAI_AGAIN!],
  [/Too many open files in system/i, CODES.ENFILE!],
  [/Too many open files|\bEMFILE\b/i, CODES.EMFILE!],
  [/No route to host/i, CODES.EHOSTUNREACH!],
  [/Network is unreachable/i, CODES.ENETUNREACH!],
  [/CertExpired|certificate (has )?expired/i, CODES.CERT_HAS_EXPIRED!],
  [/CertNotValidYet|certificate (is )?not (yet valid|valid yet)/i, CODES.CERT_NOT_YET_VALID!],
  [/CertNotValidForName|not valid for( any)? name/i, CODES.ERR_TLS_CERT_ALTNAME_INVALID!],
  [/self.signed certificate in/i, CODES.SELF_SIGNED_CERT_IN_CHAIN!],
  // rustls says so of a self-signed certificate with the usual extensions.
  [/self.signed certificate|CaUsedAsEndEntity/i, CODES.DEPTH_ZERO_SELF_SIGNED_CERT!],
  [
    /UnknownIssuer|unable to (get|verify).*(issuer|first) cert/i,
    CODES.UNABLE_TO_VERIFY_LEAF_SIGNATURE!,
  ],
  [
    /InvalidContentType|wrong.version.number|packet.length.too.long/i,
    CODES.ERR_SSL_WRONG_VERSION_NUMBER!,
  ],
  [/reset by peer|broken pipe/i, CODES.ECONNRESET!],
  [/timed out|timeout/i, CODES.ETIMEDOUT!],
  [/invalid HTTP|not HTTP|Malformed_HTTP/i, CODES.Malformed_HTTP_Response!],
  [/message head is too large|header.*too (large|long)/i, CODES.HPE_HEADER_OVERFLOW!],
  [
    /closed before message completed|closed unexpectedly|other side closed/i,
    CODES.ConnectionClosed!,
  ],
  [/handshake eof/i, TLS_CLOSED],
  [/^the connection was closed after the TLS handshake/, TLS_REFUSED],
  [
    /ports? \S+ (is|are) blocked|bad port/i,
    "the runtime's fetch does not connect to this port, which other protocols use",
  ],
  [
    /^aborted$|reading a body from connection|end of file before message length|premature close/i,
    "the body was cut off",
  ],
];

// Alerts are the other side's: "received fatal alert: BadCertificate" of rustls, of OpenSSL
// "error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:file.c:1601:", and of
// BoringSSL "error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE".
const ALERT = /received fatal alert: (\w+)|(?:sslv3|tlsv1|tlsv13)[ _]alert[ _]([\w ]+)/i;
// Those of RFC 8446, section 6.2, that a server sends about the certificate of a client.
const CERTIFICATE_ALERT = /certificate|unknown ca|access denied/;
const OPENSSL = /error:[0-9A-Fa-f]{8}:[^:]*:[^:]*:([^:]+)/;

/**
 * Says why a request, connection or body failed.
 *
 * @param error What a runtime's `fetch`, socket or HTTP client threw.
 * @returns A few words for a message, such as `the connection was refused`: the first reason found
 * in the error or its causes, else the message of the innermost one. Addresses of requests, which
 * may carry secrets, are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeNetworkError } from "./describe_network_error.ts";
 *
 * const cause = Object.assign(new Error("connect ECONNREFUSED ::1:80"), { code: "ECONNREFUSED" });
 * const error = new TypeError("fetch failed", { cause });
 * assertEquals(describeNetworkError(error), "the connection was refused");
 * ```
 */
export function describeNetworkError(error: unknown): string {
  const chain = causes(error);
  for (const each of chain) {
    const known = reasonOf(each);
    if (known !== undefined) return known;
  }
  const last = chain.findLast(({ message }) => message !== "");
  return last === undefined ? "the reason is unknown" : plain(last);
}

interface Failure {
  readonly code: string;
  readonly name: string;
  readonly message: string;
}

// The innermost error last. Errors of several addresses tried (Node's happy eyeballs) follow theirs.
function causes(error: unknown, depth = 0): Failure[] {
  if (error === undefined || error === null || depth > 5) return [];
  if (typeof error !== "object") return [{ code: "", name: "", message: String(error) }];
  const { code, name, message, cause, errors } = error as Record<string, unknown>;
  const own = { code: text(code), name: text(name), message: text(message) };
  const inner = Array.isArray(errors) ? errors.slice(0, 5) : [];
  return [own, ...[...inner, cause].flatMap((each) => causes(each, depth + 1))];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function reasonOf({ code, name, message }: Failure): string | undefined {
  // Node gives it the code ECONNRESET, also when the other side closed the connection in order.
  if (message === "socket hang up") return CODES.ConnectionClosed;
  if (/before secure TLS connection/.test(message)) return TLS_CLOSED;
  if (Object.hasOwn(CODES, code)) return CODES[code];
  if (code.startsWith("HPE_")) {
    return `the response is not HTTP (${plain({ code, name, message })})`;
  }
  if (name === "TimeoutError") return CODES.ETIMEDOUT;
  const alert = ALERT.exec(message);
  if (alert !== null) return alertReason(alert[1] ?? alert[2]!);
  const known = WORDS.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  const openssl = OPENSSL.exec(message)?.[1];
  return openssl === undefined ? undefined : `TLS failed (${openssl.trim()})`;
}

function alertReason(alert: string): string {
  // "BadCertificate" and "BAD_CERTIFICATE" become "bad certificate".
  const words = alert.trim().replace(/([a-z])(?=[A-Z])/g, "$1 ").replaceAll("_", " ").toLowerCase();
  return CERTIFICATE_ALERT.test(words)
    ? `the other side refused the client certificate or requires one (${words})`
    : `the other side refused TLS (${words})`;
}

function plain({ message }: Failure): string {
  return message.replace(/ for url \([^)]*\)/g, "").trim();
}
