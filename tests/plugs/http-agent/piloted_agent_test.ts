import { assert, assertEquals, assertRejects } from "@std/assert";
import * as http from "node:http";
import type { Socket } from "node:net";
import { PilotedError } from "../../../src/errors.ts";
import { PilotedAgent, type PilotedAgentOptions } from "../../../src/plugs/http-agent/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends } from "../support/backends.ts";

interface Answer {
  status: number;
  text: string;
}

/** Sends a request with nothing but `node:http`. */
function send(
  agent: http.Agent,
  url = "http://myService/orders",
  options: http.RequestOptions & { body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
      response.on("end", () => resolve({ status: response.statusCode!, text }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

function withAgent(
  run: (it: Backends, agent: PilotedAgent) => Promise<void>,
  options: PilotedAgentOptions = {},
  agentOptions: http.AgentOptions = {},
): Promise<void> {
  return Backends.run(async (it) => {
    const agent = new PilotedAgent(it.piloted, options, agentOptions);
    try {
      await run(it, agent);
    } finally {
      agent.destroy();
    }
  });
}

test("PilotedAgent sends each request to an endpoint, keeps connections and the Host header", () =>
  withAgent(async (it, agent) => {
    const backends = [await it.start("a"), await it.start("b"), await it.start("c")];
    const answers = new Map<string, number>();
    for (let i = 0; i < 90; i++) {
      const { text } = await send(agent);
      answers.set(text, (answers.get(text) ?? 0) + 1);
    }
    assertEquals([...answers.keys()].sort(), ["a", "b", "c"]);
    for (const { requests, sockets } of backends) {
      assertEquals(sockets.size, 1);
      assertEquals([...new Set(requests)], ["GET /orders myservice"]);
    }
    assertEquals(it.pendingCount, 0);
  }));

test("PilotedAgent connects elsewhere when an endpoint refuses, a POST with a body included", () =>
  withAgent(async (it, agent) => {
    await it.list("dead", await it.deadPort());
    const alive = await it.start("alive");
    for (let i = 0; i < 20; i++) {
      const { text } = await send(agent, undefined, { method: "POST", body: "order" });
      assertEquals(text, "alive");
    }
    assertEquals(alive.requests.length, 20);
    assertEquals([...new Set(alive.requests)], ["POST /orders myservice order"]);
    assertEquals(it.pendingCount, 0);
  }));

test("PilotedAgent reports the failed connection when no endpoint can be connected to", () =>
  withAgent(async (it, agent) => {
    await it.list("x", await it.deadPort());
    await it.list("y", await it.deadPort());
    const error = await assertRejects(() => send(agent), Error);
    assertEquals((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    await it.unlist("x");
    assertEquals(it.pendingCount, 0);
  }));

test("PilotedAgent fails with NO_ENDPOINTS, UNKNOWN_SERVICE for a port, and CLOSED, never asking DNS", () =>
  withAgent(async (it, agent) => {
    const code = async (url: string) =>
      (await assertRejects(() => send(agent, url), PilotedError)).code;
    assertEquals(await code("http://MYSERVICE/"), "NO_ENDPOINTS");
    assertEquals(await code("http://myservice:8080/"), "UNKNOWN_SERVICE");
    await it.piloted.close();
    assertEquals(await code("http://myservice/"), "CLOSED");
    assertEquals(await code("http://myService/"), "CLOSED");
    const strict = new PilotedAgent(it.piloted, { unknownHosts: "reject" });
    await assertRejects(() => send(strict, "http://127.0.0.1:1/"), PilotedError, "127.0.0.1");
    strict.destroy();
  }));

test("PilotedAgent passes requests for other hosts through", () =>
  withAgent(async (it, agent) => {
    const { port } = await it.start("a");
    assertEquals((await send(agent, `http://127.0.0.1:${port}/`)).text, "a");
    assertEquals(it.pendingCount, 0);
  }));

test("PilotedAgent with hostHeader: endpoint sends the endpoint's address as Host", () =>
  withAgent(async (it, agent) => {
    const { port, requests } = await it.start("a");
    await send(agent);
    assertEquals(requests, [`GET /orders 127.0.0.1:${port}`]);
  }, { hostHeader: "endpoint" }));

test("PilotedAgent releases leases when the caller aborts, before and after the connection", () =>
  withAgent(async (it, agent) => {
    await it.start("silent", () => {});
    for (const abort of [0, 1, 20]) {
      const controller = new AbortController();
      const sending = send(agent, undefined, { signal: controller.signal });
      if (abort === 0) controller.abort();
      else setTimeout(() => controller.abort(), abort);
      await assertRejects(() => sending, Error);
    }
    await waitUntil(() => it.pendingCount === 0);
    const [endpoint] = it.piloted.status("myService").balance.endpoints;
    assertEquals(endpoint!.consecutiveFailureCount, 0);
  }));

test("PilotedAgent counts resets, 5xx and its own deadline as failures, and nothing of a caller's", () =>
  withAgent(async (it, agent) => {
    const failures = () =>
      it.piloted.status("myService").balance.endpoints[0]!.consecutiveFailureCount;
    let answer: http.RequestListener = (request) => request.socket.resetAndDestroy();
    await it.start("bad", (request, response) => answer(request, response));
    await assertRejects(() => send(agent), Error);
    assertEquals(failures(), 1);
    answer = (_, response) => void response.writeHead(500).end();
    assertEquals((await send(agent)).status, 500);
    assertEquals(failures(), 2);
    answer = () => {};
    const error = await assertRejects(() => send(agent), PilotedError);
    assertEquals(error.code, "TIMEOUT");
    assertEquals(failures(), 3);
    answer = (_, response) => void response.writeHead(429).end();
    assertEquals((await send(agent)).status, 429);
    assertEquals(failures(), 3);
    answer = (_, response) => void response.end("ok");
    assertEquals((await send(agent)).text, "ok");
    assertEquals([failures(), it.pendingCount], [0, 0]);
  }, { attemptTimeoutMs: 100 }));

test("PilotedAgent holds the lease of an upgraded connection until it closes", () =>
  withAgent(async (it, agent) => {
    const { server } = await it.start("a");
    server.on("upgrade", (_, socket) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
      );
      socket.pipe(socket);
    });
    const socket = await new Promise<Socket>((resolve, reject) => {
      const headers = { connection: "Upgrade", upgrade: "echo" };
      const request = http.request("http://myservice/", { agent, headers });
      request.on("upgrade", (_, socket) => resolve(socket as Socket));
      request.on("error", reject);
      request.end();
    });
    const echo = new Promise<Uint8Array>((resolve) => socket.once("data", resolve));
    socket.write("hello");
    assertEquals(new TextDecoder().decode(await echo), "hello");
    assertEquals(it.pendingCount, 1);
    socket.destroy();
    await waitUntil(() => it.pendingCount === 0);
  }));

test("PilotedAgent closes idle connections to an endpoint that is not listed any more", () =>
  withAgent(async (it, agent) => {
    const { sockets } = await it.start("a");
    await send(agent);
    await waitUntil(() => Object.keys(agent.freeSockets).length === 1);
    await it.start("b");
    await it.unlist("a");
    await waitUntil(() => sockets.size === 0);
  }));

test("PilotedAgent reads away the body of a response that nobody listens to", () =>
  withAgent(async (it, agent) => {
    await it.start("a", (_, response) => void response.end("x".repeat(200_000)));
    const request = http.get("http://myservice/", { agent });
    await new Promise((resolve) => request.on("close", resolve));
    await waitUntil(() => Object.values(agent.freeSockets).flat().length === 1);
  }));

test(
  "PilotedAgent leaks nothing in 10,000 requests of every kind",
  { timeout: 120_000 },
  () =>
    withAgent(async (it, agent) => {
      await it.list("dead", await it.deadPort());
      await it.start("a");
      await it.start("b", (request, response) => {
        if (request.url === "/reset") request.socket.destroy();
        else if (request.url !== "/hang") response.end("b");
      });
      let left = 10_000;
      const worker = async () => {
        while (left-- > 0) {
          const kind = left % 50;
          const url = `http://myservice/${kind === 1 ? "reset" : kind === 2 ? "hang" : ""}`;
          const controller = new AbortController();
          if (kind === 2) setTimeout(() => controller.abort(), 5);
          await send(agent, url, { signal: controller.signal }).catch(() => {});
        }
      };
      await Promise.all(Array.from({ length: 32 }, worker));
      await waitUntil(() => it.pendingCount === 0);
      await waitUntil(() => Object.keys(agent.sockets).length === 0);
      assert(Object.values(agent.freeSockets).flat().length <= 64);
      assertEquals(Object.keys(agent.requests).length, 0);
    }),
);
