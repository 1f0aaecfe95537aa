/** The agents with the clients that they are for. */
import { assertEquals, assertRejects } from "@std/assert";
import axios from "axios";
import got from "got";
import { createProxyMiddleware } from "http-proxy-middleware";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import nodeFetch from "node-fetch";
import type { Readable } from "node:stream";
import superagent from "superagent";
import { PilotedAgent } from "../../../src/plugs/http-agent/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { type Backend, Backends } from "../support/backends.ts";

type Request = (
  method: string,
  path: string,
  body?: string,
  signal?: AbortSignal,
) => Promise<string>;

const ORIGIN = "http://myService";

/** Every client sends the same requests; one of three endpoints refuses connections. */
function withClient(create: (agent: PilotedAgent) => Request): Promise<void> {
  return Backends.run(async (it) => {
    const agent = new PilotedAgent(it.piloted);
    const answer = (id: string): http.RequestListener => ({ url }, response) => {
      if (url !== "/hang") response.end(id);
    };
    const alive = [await it.start("a", answer("a")), await it.start("b", answer("b"))];
    await it.list("dead", await it.deadPort());
    const request = create(agent);
    const answers = new Set<string>();
    for (let i = 0; i < 20; i++) {
      answers.add(await request("GET", `/orders/${i}`));
      answers.add(await request("POST", "/orders", `order ${i}`));
    }
    assertEquals([...answers].sort(), ["a", "b"]);
    const seen = (backends: Backend[]) => backends.flatMap(({ requests }) => requests);
    const posts = seen(alive).filter((line) => line.startsWith("POST"));
    assertEquals(new Set(posts).size, 20);
    assertEquals(posts.length, 20);
    assertEquals(posts.every((line) => line.startsWith("POST /orders myservice order")), true);
    const controller = new AbortController();
    const hanging = request("GET", "/hang", undefined, controller.signal);
    setTimeout(() => controller.abort(), 10);
    await assertRejects(() => hanging);
    await waitUntil(() => it.pendingCount === 0);
    agent.destroy();
  });
}

test("PilotedAgent serves axios", () =>
  withClient((httpAgent) => {
    const client = axios.create({ adapter: "http", baseURL: ORIGIN, httpAgent, proxy: false });
    return async (method, url, data, signal) => {
      const response = await client.request<string>({ method, url, data, ...signal && { signal } });
      return response.data;
    };
  }));

test("PilotedAgent serves got", () =>
  withClient((agent) => {
    const client = got.extend({ prefixUrl: ORIGIN, agent: { http: agent }, retry: { limit: 0 } });
    return (method, path, body, signal) =>
      client(path.slice(1), {
        method: method as "GET",
        ...body !== undefined && { body },
        ...signal && { signal },
      }).text();
  }));

// Bun has a node-fetch of its own, without agents.
if (process.versions.bun === undefined) {
  test("PilotedAgent serves node-fetch", () =>
    withClient((agent) => async (method, path, body, signal) => {
      const init = { method, agent, ...body !== undefined && { body }, ...signal && { signal } };
      const response = await nodeFetch(ORIGIN + path, init);
      return await response.text();
    }));
}

function readText(response: Readable, done: (error: null, text: string) => void): void {
  let text = "";
  response.on("data", (chunk: Uint8Array) => text += new TextDecoder().decode(chunk));
  response.on("end", () => done(null, text));
}

test("PilotedAgent serves superagent", () =>
  withClient((agent) => (method, path, body, signal) => {
    const request = superagent(method, ORIGIN + path).agent(agent).buffer(true).parse(
      readText as never,
    );
    signal?.addEventListener("abort", () => {
      request.abort();
    });
    return new Promise((resolve, reject) => {
      request.on("abort", () => reject(new Error("Aborted")));
      request.type("text/plain").send(body).end((error: unknown, response?: { body: string }) =>
        error ? reject(error) : resolve(response!.body)
      );
    });
  }));

test("PilotedAgent serves http-proxy-middleware", () =>
  withClient((agent) => async (method, path, body, signal) => {
    const proxy = createProxyMiddleware({
      target: ORIGIN,
      agent,
      changeOrigin: true,
      // http-proxy does not notice that its client has gone once the request is complete.
      proxyTimeout: 300,
    });
    const server = http.createServer((request, response) => void proxy(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await new Promise<string>((resolve, reject) => {
        const request = http.request(
          { port, host: "127.0.0.1", path, method, agent: false, ...signal && { signal } },
          (response) => {
            let text = "";
            response.on("data", (chunk) => text += chunk);
            response.on("end", () => resolve(text));
          },
        );
        request.on("error", reject);
        request.end(body);
      });
    } finally {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  }));
