/** The balanced fetch over this runtime's own fetch and a real server. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createFetch } from "../../src/client/create_fetch.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import type { FetchOptions } from "../../src/fetch/fetch_options.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { PoolSource } from "./support.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Runs a test with a balanced fetch whose service has one server per handler. */
async function serving(
  handlers: Handler[],
  run: (fetch: Fetch, source: PoolSource) => Promise<void>,
  options: FetchOptions = {},
): Promise<void> {
  const servers = await Promise.all(handlers.map(start));
  const source = new PoolSource({ balancer: "round-robin" });
  source.update(
    servers.map(({ port }, i) => endpoint(`server-${i}`, { address: "127.0.0.1", port })),
  );
  try {
    await run(createFetch(source, options), source);
    assertEquals(source.pool.pendingCount, 0);
  } finally {
    source.closing.abort(new Error("closed"));
    await Promise.all(servers.map(({ server }) => stop(server)));
  }
}

function start(handler: Handler): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    response.setHeader("connection", "close");
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => body += chunk);
    request.on("end", () => handler(request, response, body));
    request.on("error", () => {});
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      resolve({ server, port: (server.address() as { port: number }).port });
    })
  );
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Answers what it was asked. */
const echo: Handler = ({ method, url, headers }, response, body) => {
  const { "content-length": length, "transfer-encoding": encoding, traceparent } = headers;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ method, url, length, encoding, traceparent, body }));
};

const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("createFetch() over the platform's fetch sends method, headers and body", async () => {
  await serving([echo], async (fetch) => {
    const response = await fetch("http://app/orders?id=1", {
      method: "PUT",
      headers: { traceparent: TRACE },
      body: "hello",
    });
    assertEquals(await response.json(), {
      method: "PUT",
      url: "/orders?id=1",
      length: "5",
      traceparent: TRACE,
      body: "hello",
    });
    assert(response.url.endsWith("/orders?id=1"));
  });
});

test("createFetch() over the platform's fetch sends a Request with its length and headers", async () => {
  await serving([echo], async (fetch) => {
    const request = new Request("http://app/orders", {
      method: "POST",
      headers: { traceparent: TRACE },
      body: JSON.stringify({ id: 1 }),
    });
    const { length, encoding, body, traceparent } = await (await fetch(request)).json();
    assertEquals([length, encoding, body], ["8", undefined, `{"id":1}`]);
    assertEquals(traceparent, TRACE);
    const plain = await (await fetch(new Request("http://app/plain"))).json();
    assertEquals([plain.method, plain.url, plain.body], ["GET", "/plain", ""]);
  });
});

test("createFetch() over the platform's fetch streams bodies in both directions", async () => {
  const count: Handler = (_, response, body) => {
    response.write(`${body.length} `);
    response.end("bytes");
  };
  await serving([count], async (fetch) => {
    const pieces = ["one", "two", "three"].map((text) => new TextEncoder().encode(text));
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const response = await fetch("http://app/", init);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    assertEquals(text, "11 bytes");
  });
});

test("createFetch() over the platform's fetch follows a relative redirect within the service", async () => {
  const redirecting: Handler = (request, response, body) => {
    if (request.url !== "/old") return echo(request, response, body);
    response.writeHead(302, { location: "/new?from=old" });
    response.end();
  };
  await serving([redirecting], async (fetch) => {
    const response = await fetch("http://app/old");
    assertEquals([response.status, response.redirected], [200, true]);
    assertEquals((await response.json()).url, "/new?from=old");
    const manual = await fetch("http://app/old", { redirect: "manual" });
    assertEquals([manual.status, manual.headers.get("location")], [302, "/new?from=old"]);
    await manual.body?.cancel();
    await assertRejects(() => fetch("http://app/old", { redirect: "error" }), Error);
  }, { maxAttempts: 1 });
});

test("createFetch() over the platform's fetch tries another server when one is gone or refuses", async () => {
  const gone: Handler = (request) => void request.socket.destroy();
  const busy: Handler = (_, response) => void response.writeHead(503).end("busy");
  await serving([gone, busy, echo], async (fetch) => {
    for (let i = 0; i < 3; i++) {
      const response = await fetch("http://app/", { method: "PUT", body: `${i}` });
      assertEquals((await response.json()).body, `${i}`);
    }
  }, { backoffBaseMs: 1, backoffMaxMs: 1 });
});

test("createFetch() over the platform's fetch rejects with the caller's reason, before and after the head", async () => {
  const slow: Handler = (request, response) => {
    if (request.url === "/head") return;
    response.write("begun");
  };
  await serving([slow], async (fetch) => {
    const first = new AbortController();
    const waiting = fetch("http://app/head", { signal: first.signal });
    first.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    const second = new AbortController();
    const response = await fetch("http://app/body", { signal: second.signal });
    const text = response.text();
    second.abort(new Error("enough of that"));
    await assertRejects(() => text, Error);
  }, { timeoutMs: 10_000 });
});

test("createFetch() over the platform's fetch gives up on a server that does not answer in time", async () => {
  const silent: Handler = () => {};
  await serving([silent, echo], async (fetch) => {
    assertEquals((await (await fetch("http://app/")).json()).method, "GET");
  }, { attemptTimeoutMs: 200 });
});
