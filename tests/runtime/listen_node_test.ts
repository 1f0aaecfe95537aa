import { assertEquals } from "@std/assert";
import { startNode } from "../../src/runtime/listen_node.ts";
import { findServeConnection } from "../../src/runtime/listen_deno.ts";
import type { RefusedRequest } from "../../src/runtime/server.ts";
import { exchange, send } from "../http/raw_client.ts";
import { currentRuntime } from "../support/process.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const skip = currentRuntime === "bun" && "Bun.serve() is always there";
const LIMITS = { maxConnections: 100, keepAliveMs: 60_000, requestTimeoutMs: 60_000, onShed() {} };

test("findServeConnection() finds it on this Deno, and nothing where Deno has changed", {
  skip: currentRuntime !== "deno" && "only Deno has it",
}, () => {
  const { Deno } = globalThis as unknown as { Deno: Parameters<typeof findServeConnection>[0] };
  assertEquals(typeof findServeConnection(Deno), "function");
  for (const internal of [Symbol("new"), undefined as unknown as symbol]) {
    assertEquals(findServeConnection({ ...Deno, internal }), undefined);
  }
});

test("startNode() serves within its limits, also on Deno", { skip }, async () => {
  const refused: RefusedRequest[] = [];
  const server = await startNode(
    (request) => new Response(new URL(request.url).pathname),
    { hostname: "127.0.0.1", port: 0 },
    { ...LIMITS, requestTimeoutMs: 500, onRefused: (request) => refused.push(request) },
  );
  const url = `http://127.0.0.1:${server.port}`;
  assertEquals(await (await fetch(`${url}/a`, { headers: { connection: "close" } })).text(), "/a");
  const half = await send(url, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
  await exchange(url, "POST /x?secret HTTP/1.1\r\nHost: [\r\nContent-Length: 0\r\n\r\n");
  await waitUntil(() => refused.length === 1);
  assertEquals(refused, [{ method: "POST", path: "/x", status: 400 }]);
  await waitUntil(half.closed);
  await server.drain();
});

test(
  "startNode() answers requests of one connection in order, one at a time",
  { skip },
  async () => {
    const finish: (() => void)[] = [];
    const server = await startNode(
      ({ url }) =>
        new Promise((resolve) => {
          finish.push(() => resolve(new Response(new URL(url).pathname)));
        }),
      { hostname: "127.0.0.1", port: 0 },
      { ...LIMITS, onRefused() {} },
    );
    const url = `http://127.0.0.1:${server.port}`;
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const connection = await send(url, get("/1") + get("/2") + get("/3"));
    for (let number = 1; number <= 3; number++) {
      await waitUntil(() => finish.length === number);
      finish[number - 1]!();
      await waitUntil(() => connection.received().includes(`/${number}`));
    }
    const greedy = await send(url, get("/").repeat(1_000));
    await waitUntil(greedy.closed);
    connection.end();
    await waitUntil(connection.closed);
    for (const each of finish) each();
    await server.drain();
  },
);
