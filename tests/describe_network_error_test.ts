import { assert, assertEquals } from "@std/assert";
import { describeNetworkError } from "../src/describe_network_error.ts";
import { test } from "./support/test.ts";

function failure(message: string, code?: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), code === undefined ? {} : { code });
}

const reasons: readonly [what: string, error: unknown, reason: string][] = [
  [
    "Node, two addresses tried",
    Object.assign(
      new AggregateError([
        failure("connect ECONNREFUSED ::1:1", "ECONNREFUSED"),
        failure("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED"),
      ]),
      { code: "ECONNREFUSED" },
    ),
    "the connection was refused",
  ],
  [
    "undici",
    new TypeError("fetch failed", { cause: failure("getaddrinfo ENOTFOUND a", "ENOTFOUND") }),
    "the host name was not found",
  ],
  [
    "undici, closed",
    new TypeError("fetch failed", { cause: failure("other side closed", "UND_ERR_SOCKET") }),
    "the connection was closed",
  ],
  ["Node, hang up", failure("socket hang up", "ECONNRESET"), "the connection was closed"],
  [
    "Node, not HTTP",
    failure("Parse Error: Expected HTTP/", "HPE_INVALID_CONSTANT"),
    "the response is not HTTP (Parse Error: Expected HTTP/)",
  ],
  [
    "Bun, refused",
    failure("Unable to connect. Is the computer able to access the url?", "ConnectionRefused"),
    "the connection was refused",
  ],
  [
    "Bun, closed",
    failure("The socket connection was closed unexpectedly."),
    "the connection was closed",
  ],
  [
    "Deno, refused",
    new TypeError(
      "error sending request for url (http://127.0.0.1:1/?token=secret): client error (Connect): " +
        "tcp connect error: Connection refused (os error 111)",
    ),
    "the connection was refused",
  ],
  [
    "Deno, unknown name",
    new TypeError(
      "error sending request for url (http://a.invalid/): client error (Connect): dns error: " +
        "failed to lookup address information: Name or service not known",
    ),
    "the host name was not found",
  ],
  [
    "Deno, certificate",
    new TypeError("client error (Connect): invalid peer certificate: UnknownIssuer"),
    "the certificate is signed by an authority that is not trusted",
  ],
  [
    "Deno, other words",
    new TypeError("error sending request for url (http://a/?token=secret): something new"),
    "error sending request: something new",
  ],
  [
    "certificate of another name",
    failure("Hostname/IP does not match certificate's altnames", "ERR_TLS_CERT_ALTNAME_INVALID"),
    "the certificate is for another host name",
  ],
  [
    "an alert about the client's certificate, OpenSSL",
    failure(
      "80ECC9F1D07F0000:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert certificate " +
        "expired:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 45\n",
    ),
    "the other side refused the client certificate or requires one (certificate expired)",
  ],
  [
    "an alert, rustls",
    failure("received fatal alert: CertificateExpired"),
    "the other side refused the client certificate or requires one (certificate expired)",
  ],
  [
    "an alert, BoringSSL",
    failure("error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE"),
    "the other side refused the client certificate or requires one (bad certificate)",
  ],
  [
    "an alert of an authority that the server does not know, OpenSSL",
    failure("error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:x.c:1:SSL alert"),
    "the other side refused the client certificate or requires one (unknown ca)",
  ],
  [
    "an alert about something else",
    failure("received fatal alert: ProtocolVersion"),
    "the other side refused TLS (protocol version)",
  ],
  [
    "Deno, not valid yet",
    new TypeError(
      "client error (Connect): invalid peer certificate: certificate not valid yet: verification " +
        "time 1795780413 (UNIX), but certificate is not valid before 7258118400",
    ),
    "the certificate is not valid yet",
  ],
  [
    "Deno, self-signed",
    new TypeError("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))"),
    "the certificate is self-signed and not trusted",
  ],
  [
    "Deno, closed in the handshake",
    new TypeError("client error (Connect): tls handshake eof"),
    "the connection was closed during the TLS handshake",
  ],
  [
    "Node, closed in the handshake",
    failure(
      "Client network socket disconnected before secure TLS connection was established",
      "ECONNRESET",
    ),
    "the connection was closed during the TLS handshake",
  ],
  [
    "Deno, a port that fetch refuses",
    new TypeError("Fetch failed: Requests to port 1 are blocked"),
    "the runtime's fetch does not connect to this port, which other protocols use",
  ],
  [
    "no TLS at all, OpenSSL",
    failure("error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER"),
    "the port does not speak TLS",
  ],
  [
    "another failure of OpenSSL",
    failure("error:0A000126:SSL routines::unexpected eof while reading:../x.c:1:"),
    "TLS failed (unexpected eof while reading)",
  ],
  [
    "no file descriptors",
    failure("connect EMFILE", "EMFILE"),
    "too many open files in this process",
  ],
  [
    "Bun, no file descriptors",
    failure('EMFILE reading "/x.js"'),
    "too many open files in this process",
  ],
  [
    "a timeout",
    new DOMException("The operation timed out", "TimeoutError"),
    "the connection timed out",
  ],
  ["a text", "odd", "odd"],
  ["nothing", undefined, "the reason is unknown"],
  ["an error without words", new Error(""), "the reason is unknown"],
  ["the message of the innermost cause", failure("outer", "X", failure("inner", "Y")), "inner"],
];
for (const [what, error, reason] of reasons) {
  test(`describeNetworkError() says why: ${what}`, () => {
    assertEquals(describeNetworkError(error), reason);
  });
}

test("describeNetworkError() ends with causes that form a circle", () => {
  const error = failure("round and round");
  error.cause = error;
  assertEquals(describeNetworkError(error), "round and round");
});

test("describeNetworkError() survives an error of the strangest kind", () => {
  for (const error of [null, 7, {}, [], { message: 7, code: {} }, Object.create(null)]) {
    assert(describeNetworkError(error).length > 0);
  }
});
