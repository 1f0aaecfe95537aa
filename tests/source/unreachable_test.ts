/** Why Consul cannot be reached must be in the message, over real sockets on every runtime. */
import { assertEquals, assertMatch } from "@std/assert";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import type { TlsConfig } from "../../src/config/config.ts";
import { createTransport } from "../../src/runtime/transport/transport.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { pemPath, startHttp2Server } from "../runtime/fixtures/http2_server.ts";
import { test } from "../support/test.ts";
import { failureOf } from "./support.ts";

const TOKEN = "b1gs33cr3t-0000-4000-8000-000000000001";
const query = { service: "app" };

async function messageOf(url: string, tls?: TlsConfig): Promise<string> {
  const transport = createTransport({ tls });
  try {
    const source = new ConsulSource({ url, token: TOKEN, fetch: transport.fetch });
    const error = await failureOf(source.read(query));
    for (const text of [inspect(error, { showHidden: true, depth: 9 }), JSON.stringify(error)]) {
      assertEquals(text.includes(TOKEN), false, text);
    }
    const prefix = `Cannot read service "app" from Consul at ${url}: `;
    assertEquals(error.message.slice(0, prefix.length), prefix);
    return error.message.slice(prefix.length);
  } finally {
    await transport.close();
  }
}

async function startServer(
  onConnection: (socket: Socket) => void,
): Promise<AsyncDisposable & { host: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

async function freeHost(): Promise<string> {
  await using server = await startServer(() => {});
  return server.host;
}

test("ConsulSource.read() says that the connection was refused", async () => {
  const host = await freeHost();
  assertEquals(await messageOf(`http://${host}`), "the connection was refused");
  assertMatch(
    await messageOf(`https://${host}`, { verify: true }),
    /the connection was refused$/,
  );
});

test("ConsulSource.read() says that the host name was not found", async () => {
  assertMatch(
    await messageOf("http://consul.invalid:8500"),
    /the host name (was not found|cannot be resolved now)/,
  );
});

test("ConsulSource.read() says that the connection was closed or reset", async () => {
  await using server = await startServer((socket) => socket.once("data", () => socket.destroy()));
  assertMatch(await messageOf(`http://${server.host}`), /the connection was (closed|reset)$/);
});

test("ConsulSource.read() says that the response is not HTTP", async () => {
  await using server = await startServer((socket) => {
    socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  });
  assertMatch(await messageOf(`http://${server.host}`), /the response is not HTTP/);
});

test("ConsulSource.read() says that the port does not speak TLS", async () => {
  await using server = await startServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  const message = await messageOf(`https://${server.host}`, { verify: true });
  assertMatch(message, /the port does not speak TLS$/);
});

const certificates: readonly [what: string, tls: TlsConfig, why: RegExp][] = [
  [
    "an authority that is not trusted",
    { caFile: pemPath("other_ca"), verify: true },
    /the certificate is (signed by an authority that is not trusted|self-signed and not trusted)$/,
  ],
  [
    "another host name",
    { caFile: pemPath("ca"), serverName: "other.test", verify: true },
    /the certificate is for another host name$/,
  ],
];
for (const [what, tls, why] of certificates) {
  test(`ConsulSource.read() says that the certificate is of ${what}`, async () => {
    await using server = await startHttp2Server({ onStream: (stream) => stream.head(204, true) });
    assertMatch(await messageOf(server.url, tls), why);
  });
}

test("ConsulSource.read() shows the beginning of a proxy's page", async () => {
  const page = "<html><body>Sign in to the proxy</body></html>";
  await using server = await startServer((socket) => {
    socket.once("data", () => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${page.length}\r\n\r\n${page}`);
    });
  });
  assertMatch(await messageOf(`http://${server.host}`), /must be JSON, received .*Sign in to the/);
});

test("ConsulSource.read() keeps the token out of what an error can be turned into", async () => {
  const { host } = { host: await freeHost() };
  const transport = createTransport();
  const source = new ConsulSource({
    url: `http://${host}`,
    token: TOKEN,
    fetch: transport.fetch,
  });
  const error = await failureOf(source.read(query));
  await transport.close();
  const shown = [
    inspect(error, { showHidden: true, depth: 9 }),
    JSON.stringify(error),
    inspect(structuredClone({ ...error, cause: undefined }), { showHidden: true }),
    inspect(source, { showHidden: true, depth: 9 }),
    inspect(transport, { showHidden: true, depth: 9 }),
    JSON.stringify(source),
  ];
  for (const text of shown) assertEquals(text.includes(TOKEN), false, text);
});
