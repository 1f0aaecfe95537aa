/** Why Consul cannot be reached must be wherever somebody looks: error, event, status, page and log. */
import { assertEquals, assertMatch } from "@std/assert";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { service } from "../../src/http/mod.ts";
import { startBlackHole } from "../support/black_hole.ts";
import { currentRuntime } from "../support/process.ts";
import { pemPath, startHttp2Server } from "../runtime/fixtures/http2_server.ts";
import { test } from "../support/test.ts";

const PAGE = "<!DOCTYPE html><html><body>Sign in</body></html>";

function answers(head: string, body = "") {
  return (socket: Socket) =>
    void socket.once("data", () => {
      socket.end(
        `HTTP/1.1 ${head}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
}

async function withServer(
  onConnection: (socket: Socket) => void,
  run: (host: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function assertReason(consul: object | string, reason: RegExp): Promise<void> {
  const seen: Record<string, string> = { event: "", log: "" };
  const log = (line: string) => void (seen.log += line);
  const piloted = await createPiloted({
    config: { consul: consul as string, watches: [{ name: "app" }] },
    signals: false,
    env: {},
    onStartFailure: "background",
    requestTimeoutMs: 500,
    logger: { info: log, warn: log, error: log },
  });
  try {
    piloted.on("error", ({ message }) => seen.event += message);
    await piloted.refresh().catch(() => {});
    seen.lookup = await piloted.service("app").then(() => "found", ({ message }) => message);
    seen.status = piloted.status("app").reason ?? "";
    const app = service(piloted);
    const read = async (path: string) => {
      const response = await app.request(path, { headers: { Accept: "text/html" } });
      // Quotes are escaped in JSON and in HTML.
      return (await response.text()).replaceAll('\\"', '"').replaceAll("&quot;", '"');
    };
    seen["/v1/status"] = await read("/v1/status");
    seen["/v1/services/app/endpoint"] = await read("/v1/services/app/endpoint");
    seen.page = await read("/");
    for (const [where, text] of Object.entries(seen)) {
      assertMatch(text, reason, `${where} has no ${reason}: ${text.slice(0, 300)}`);
    }
  } finally {
    await piloted.close();
  }
}

const causes: [string, (socket: Socket) => void, RegExp][] = [
  [
    "a reset or closed connection",
    (socket) => socket.once("data", () => socket.destroy()),
    /the connection was (closed|reset)/,
  ],
  ["a timeout", () => {}, /Consul at http:\/\/127\.0\.0\.1:\d+: no response within 500 ms/],
  [
    "a redirect",
    answers("302 Found\r\nLocation: /login"),
    /redirects are not followed, received 302/,
  ],
  [
    "http to a port for TLS, as Consul answers",
    answers("400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n"),
    /received 400 "Client sent an HTTP request to an HTTPS server\."/,
  ],
  [
    "http to a port for TLS that answers with an alert",
    (socket) => socket.once("data", () => socket.end(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 10))),
    /the response is not HTTP/,
  ],
  ["a proxy's page with 200", answers("200 OK", PAGE), /an HTML page, is a proxy in between\?/],
  [
    "a proxy's page with 502",
    answers("502 Bad Gateway", PAGE),
    /received 502 an HTML page, is a proxy in between\?/,
  ],
  [
    "another protocol",
    (socket) => socket.once("data", () => socket.end("SSH-2.0\r\n\r\n")),
    /the response is not HTTP/,
  ],
];
for (const [what, onConnection, reason] of causes) {
  test(`the reason is shown everywhere: ${what}`, () =>
    withServer(onConnection, (host) => assertReason(host, reason)));
}

test("the reason is shown everywhere: refused, and a name that does not exist", async () => {
  let free = "";
  await withServer(() => {}, (host) => Promise.resolve(void (free = host)));
  await assertReason(free, /the connection was refused/);
  await assertReason("unix:///no/such/consul.sock", /there is no such socket/);
  await assertReason("consul.invalid:8500", /the host name (was not found|cannot be resolved now)/);
});

test("the reason is shown everywhere: https to a port that does not speak it", async () => {
  const refuse = answers("400 Bad Request");
  const close = (socket: Socket) => void socket.once("data", () => socket.end());
  await withServer(
    refuse,
    (host) => assertReason(`https://${host}`, /the port does not speak TLS/),
  );
  await withServer(
    close,
    (host) => assertReason(`https://${host}`, /the connection was closed during the TLS handshake/),
  );
});

test("the reason is shown everywhere: packets that are dropped", async () => {
  await using hole = await startBlackHole();
  // Deno's fetch does not show whether it is connected; its node:tls does.
  const plain = currentRuntime === "deno"
    ? /no response within 500 ms/
    : /no connection within 500 ms/;
  await assertReason(hole.host, plain);
  const tls = { cafile: pemPath("ca") };
  await assertReason({ address: `https://${hole.host}`, tls }, /no connection within 500 ms/);
  const addresses = [hole.host, hole.host.replace("127.0.0.1", "127.0.0.2")];
  await assertReason({ addresses }, /no (connection|response) within 250 ms|was refused/);
});

test("the reason is shown everywhere: dates and issuers of certificates", async () => {
  const tls = { cafile: pemPath("dated_ca") };
  const cases: [string, RegExp][] = [
    ["expired", /the certificate has expired/],
    ["not_yet_valid", /the certificate is not valid yet/],
    ["self_signed", /the certificate is self-signed and not trusted/],
    ["server", /the certificate is signed by an authority that is not trusted/],
  ];
  for (const [cert, reason] of cases) {
    for (const alpn of ["h2", "http/1.1"]) {
      await using server = await startHttp2Server({ cert, alpn: [alpn], onStream: () => {} });
      await assertReason({ address: server.url, tls }, reason);
      await assertReason(server.url, reason);
    }
  }
});

test("the reason is shown everywhere: certificates", async () => {
  await using server = await startHttp2Server({ onStream: (stream) => stream.head(204, true) });
  assertEquals(new URL(server.url).protocol, "https:");
  await assertReason(
    { address: server.url, tls: { cafile: pemPath("other_ca") } },
    /the certificate is (signed by an authority that is not trusted|self-signed and not trusted)/,
  );
  await assertReason(
    { address: server.url, tls: { cafile: pemPath("ca"), servername: "other.test" } },
    /the certificate is for another host name/,
  );
});
