/** What can go wrong on a wire, over real sockets, with the runtime's fetch and with Piloted's. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { createTransport } from "../../src/runtime/transport/transport.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { entry, failureOf } from "./support.ts";

const query = { service: "app" };
const good = JSON.stringify([entry()]);
const MIB = 1024 * 1024;

interface Wire {
  url: string;
  /** Heads of the requests so far. */
  heads: string[];
  /** Connections that are open. */
  open(): number;
  close(): Promise<void>;
}

/** A server that does with every request what the test says. */
async function startWire(reply: (socket: Socket, head: string) => void): Promise<Wire> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data: Uint8Array) => {
      const head = new TextDecoder().decode(data);
      heads.push(head);
      reply(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function head(status: string, ...headers: string[]): string {
  return [`HTTP/1.1 ${status}`, ...headers, "", ""].join("\r\n");
}

/** Runs a test against such a server with each fetch. */
function wireTest(
  name: string,
  reply: (socket: Socket, head: string) => void,
  check: (source: ConsulSource, wire: Wire) => Promise<void>,
): void {
  for (const kind of ["the runtime's fetch", "Piloted's transport"]) {
    test(`ConsulSource.read() over ${kind} ${name}`, async () => {
      const wire = await startWire(reply);
      const transport = createTransport();
      const ours = kind === "Piloted's transport";
      const fetch = ours ? transport.fetch : globalThis.fetch;
      try {
        await check(new ConsulSource({ url: wire.url, fetch, token: "s3cr3t" }), wire);
        // Nothing stays behind a question that failed. (Node's own fetch takes its time.)
        if (ours) await waitUntil(() => wire.open() === 0);
      } finally {
        await transport.close();
        await wire.close();
      }
    });
  }
}

wireTest(
  "reads a plain answer",
  (socket) => socket.end(head("200 OK", "X-Consul-Index: 5", "Connection: close") + good),
  async (source, wire) => {
    const { endpoints, position: index } = await source.read(query);
    assertEquals([endpoints[0]?.host, index], ["10.0.0.1:8080", "5"]);
    assert(/^x-consul-token: s3cr3t\r$/im.test(wire.heads[0]!));
    assert(wire.heads[0]!.startsWith("GET /v1/health/service/app?stale HTTP/1.1\r\n"));
  },
);

wireTest(
  "sends a name of any characters as one segment",
  (socket) => socket.end(head("200 OK", "Connection: close") + "[]"),
  async (source, wire) => {
    for (const service of ["a/../../agent/self", "a\0b", "ü \r\nX: y", "...", "%2e%2e/"]) {
      await source.read({ service });
      const path = wire.heads.at(-1)!.split(" ")[1]!;
      assertEquals(path, `/v1/health/service/${encodeURIComponent(service)}?stale`);
    }
  },
);

wireTest(
  "follows no redirect and takes the token nowhere",
  (socket, request) => {
    const host = /^host: (.*)\r$/im.exec(request)![1];
    const to = `http://${host}/elsewhere`;
    socket.end(head("301 Moved Permanently", `Location: ${to}`, "Connection: close"));
  },
  async (source, wire) => {
    const error = await failureOf(source.read(query));
    assertEquals([error.code, error.status], ["REGISTRY_RESPONSE", 301]);
    assertEquals(wire.heads.length, 1);
  },
);

wireTest(
  "does not take a body that ends too early",
  (socket) => socket.end(head("200 OK", `Content-Length: ${good.length + 10}`) + good),
  async (source) => {
    const error = await failureOf(source.read(query));
    assertEquals([error.code, error.status], ["REGISTRY_UNREACHABLE", 200]);
    assert(error.cause !== undefined);
  },
);

wireTest(
  "does not take chunks without the last one",
  (socket) => {
    const chunk = `${good.length.toString(16)}\r\n${good}\r\n`;
    socket.end(head("200 OK", "Transfer-Encoding: chunked") + chunk);
  },
  async (source) => {
    assertEquals((await failureOf(source.read(query))).code, "REGISTRY_UNREACHABLE");
  },
);

wireTest(
  "says that the connection was closed without a response",
  (socket) => socket.destroy(),
  async (source) => {
    const error = await failureOf(source.read(query));
    assertEquals([error.code, error.status], ["REGISTRY_UNREACHABLE", undefined]);
    assertMatch(error.message, /: the connection was (closed|reset)$/);
    assert(error.cause !== undefined);
  },
);

wireTest(
  "says that there is no answer when it is no HTTP",
  (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
  async (source) => {
    assertEquals((await failureOf(source.read(query))).code, "REGISTRY_UNREACHABLE");
  },
);

wireTest(
  "says that there is no answer where nothing listens",
  () => {},
  async (source, wire) => {
    await wire.close();
    const error = await failureOf(source.read(query));
    assertEquals([error.code, error.status], ["REGISTRY_UNREACHABLE", undefined]);
  },
);

let sent = 0;
wireTest(
  "never reads 64 MiB to their end",
  (socket) => {
    sent = 0;
    socket.write(head("200 OK", `Content-Length: ${64 * MIB}`) + "[");
    const chunk = new Uint8Array(64 * 1024).fill(0x20);
    const send = () => {
      while (sent < 64 * MIB && !socket.destroyed) {
        sent += chunk.byteLength;
        if (!socket.write(chunk)) {
          socket.once("drain", send);
          return;
        }
      }
    };
    send();
  },
  async (source) => {
    const error = await failureOf(source.read(query));
    assertEquals(error.code, "REGISTRY_RESPONSE");
    assert(
      error.message.includes(`larger than ${32 * MIB} bytes, the limit of the option maxResp`),
      error.message,
    );
    assert(sent < 64 * MIB, `${sent} bytes were sent`);
  },
);

const packed = { good: gzipSync(good), bomb: gzipSync(new Uint8Array(64 * MIB).fill(0x20)) };
for (const [what, body] of Object.entries(packed)) {
  wireTest(
    `reads a compressed body that is ${what}`,
    (socket, request) => {
      // As Consul: only for whoever asks for it.
      const asked = /^accept-encoding:.*gzip/im.test(request);
      const size = asked ? body.byteLength : good.length;
      const encoding = asked ? ["Content-Encoding: gzip"] : [];
      socket.write(head("200 OK", `Content-Length: ${size}`, "Connection: close", ...encoding));
      socket.end(asked ? body : good);
    },
    async (source, wire) => {
      const answer = await source.read(query).catch((error) => error);
      const asked = /^accept-encoding:.*gzip/im.test(wire.heads[0]!);
      if (what === "good" || !asked) assertEquals(answer.endpoints.length, 1);
      else assertEquals(answer.code, "REGISTRY_RESPONSE");
    },
  );
}

wireTest(
  "ends a question without an answer at the abort, with the signal's own reason",
  () => {},
  async (source, wire) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const read = source.read(query, { signal: abort.signal }).catch((error) => error);
    await waitUntil(() => wire.heads.length === 1);
    abort.abort(reason);
    assert(await read === reason);
  },
);

wireTest(
  "ends a half of an answer at the abort, with the signal's own reason",
  (socket) => socket.write(head("200 OK", `Content-Length: ${good.length}`) + good.slice(0, 9)),
  async (source, wire) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const read = source.read(query, { signal: abort.signal }).catch((error) => error);
    await waitUntil(() => wire.heads.length === 1);
    abort.abort(reason);
    assert(await read === reason);
  },
);
