/** Connections that go elsewhere than the address says. */
import { assertEquals } from "@std/assert";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createTransport } from "../../../src/runtime/transport/transport.ts";
import { pemPath, startHttp2Server } from "../fixtures/http2_server.ts";
import { withTemporaryFolder } from "../../support/temporary_folder.ts";
import { test } from "../../support/test.ts";

async function listenOn(where: string | number, run: (server: Server) => Promise<void>) {
  const server = createServer((request, response) => {
    response.end(`${request.headers.host} ${request.url}`);
  });
  await new Promise<void>((resolve) =>
    typeof where === "string"
      ? server.listen(where, resolve)
      : server.listen(where, "127.0.0.1", resolve)
  );
  try {
    await run(server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("createTransport() connects to one address of a name, and sends the name", () =>
  listenOn(0, async (server) => {
    const { port } = server.address() as AddressInfo;
    const transport = createTransport({ connectTo: { host: "127.0.0.1" } });
    const url = `http://consul.invalid:${port}/v1/status`;
    for (let i = 0; i < 2; i++) {
      const response = await transport.fetch(url);
      assertEquals(await response.text(), `consul.invalid:${port} /v1/status`);
    }
    await transport.close();
  }));

test("createTransport() connects to a unix socket", () =>
  withTemporaryFolder((folder) => {
    const socketPath = join(folder, "consul.sock");
    return listenOn(socketPath, async () => {
      const transport = createTransport({ connectTo: { socketPath } });
      const response = await transport.fetch("http://localhost/v1/status?stale");
      assertEquals(await response.text(), "localhost /v1/status?stale");
      await transport.close();
    });
  }));

for (const alpn of ["h2", "http/1.1"]) {
  test(`createTransport() verifies the name of a server that it reaches by address, ${alpn}`, async () => {
    await using server = await startHttp2Server({
      alpn: [alpn],
      onStream(stream) {
        stream.head(200);
        stream.data("hello", true);
      },
      onText(socket) {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
      },
    });
    const tls = { caFile: pemPath("ca"), verify: true };
    const good = createTransport({ tls, connectTo: { host: "127.0.0.1" } });
    const { port } = new URL(server.url);
    const response = await good.fetch(`https://localhost:${port}/`);
    assertEquals(await response.text(), "hello");
    const failed = await good.fetch(`https://other.test:${port}/`).then(
      () => "accepted",
      (error: Error) => error.message,
    );
    assertEquals(
      failed,
      `Cannot reach https://other.test:${port}: the certificate is for another host name`,
    );
    await good.close();
  });
}
