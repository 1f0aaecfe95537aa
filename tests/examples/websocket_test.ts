import { createPiloted } from "@piloted/core";
import { EmbeddedConsul } from "@piloted/core/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import type { Server } from "node:http";
import { createServer, type Socket } from "node:net";
import { WebSocket as UndiciWebSocket } from "undici";
import { openSocket } from "../../examples/websocket_client.ts";
import { closedPort, listen } from "../fetch/sockets.ts";
import { test } from "../support/test.ts";

// Node 20 has none.
globalThis.WebSocket ??= UndiciWebSocket as unknown as typeof WebSocket;

/** A server that accepts WebSockets, and closes them when asked to. */
class SocketServer {
  readonly sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const key = /sec-websocket-key: (\S+)/i.exec(data.toString())![1]!;
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
      );
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  });

  start(): Promise<number> {
    return listen(this.#server as unknown as Server);
  }

  /** Closes every connection with the status 1001, going away. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.end(Uint8Array.of(0x88, 2, 3, 0xe9));
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

test("examples: 60 WebSockets are spread evenly over three servers, and hold their leases while they are open", async () => {
  const servers = [new SocketServer(), new SocketServer(), new SocketServer()];
  const ports = await Promise.all(servers.map((server) => server.start()));
  const consul = new EmbeddedConsul();
  for (const port of ports) {
    consul.register({ id: `c${port}`, name: "chat", address: "127.0.0.1", port });
  }
  await using piloted = await createPiloted({
    config: {
      consul: "127.0.0.1:8500",
      watches: [{ name: "chat" }],
    },
    balancer: "least-pending",
    outliers: { consecutiveFailures: 1 },
    fetch: consul.fetch,
  });
  const loads = () => piloted.status("chat").balance.endpoints;
  const sockets: WebSocket[] = [];
  for (let i = 0; i < 30; i++) sockets.push(await openSocket(piloted, "chat"));
  sockets.push(...await Promise.all(Array.from({ length: 30 }, () => openSocket(piloted, "chat"))));
  assertEquals(servers.map(({ sockets }) => sockets.size), [20, 20, 20]);
  assertEquals(loads().map(({ pendingCount }) => pendingCount), [20, 20, 20]);

  // A server that goes away leaves its connections to the others, the next one by one.
  const closed = sockets.map((socket) =>
    new Promise((resolve) => socket.addEventListener("close", resolve))
  );
  for (const socket of sockets) if (socket.readyState === socket.OPEN) socket.close();
  for (const server of servers) {
    for (const socket of server.sockets) socket.end(Uint8Array.of(0x88, 0));
  }
  await Promise.all(closed);
  assertEquals(loads().map(({ pendingCount }) => pendingCount), [0, 0, 0]);

  const gone = await closedPort();
  consul.register({ id: "gone", name: "chat", address: "127.0.0.1", port: gone });
  await piloted.refresh();
  let failures = 0;
  for (let i = 0; i < 12; i++) {
    await openSocket(piloted, "chat").then((socket) => socket.close(), () => failures++);
  }
  assertEquals(failures, 1);
  const load = loads().find(({ endpoint }) => endpoint.id === "gone")!;
  assertEquals([load.pendingCount, load.ejectionCount], [0, 1]);
  for (const server of servers) await server.stop();
  const all = openSocket(piloted, "chat");
  const error = await assertRejects(() => all, Error);
  assert(error.message.startsWith("Cannot open a WebSocket to chat at 127.0.0.1:"), error.message);
});
