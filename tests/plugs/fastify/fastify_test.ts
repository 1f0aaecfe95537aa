import replyFrom from "@fastify/reply-from";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import Fastify, { type FastifyInstance } from "fastify";
import process from "node:process";
import { Agent } from "undici";
import type { Piloted } from "../../../src/client/piloted.ts";
import { PilotedError } from "../../../src/errors.ts";
import { pilotedPlugin, upstream } from "../../../src/plugs/fastify/mod.ts";
import { piloted as composed } from "../../../src/plugs/undici/mod.ts";
import { EmbeddedConsul } from "../../../src/testing/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends, SERVICE } from "../support/backends.ts";

declare module "fastify" {
  interface FastifyInstance {
    piloted: Piloted;
  }
}

// undici's own timers of a second or more are shared by all requests, and run on after a test.
const NO_TIMERS = { connectTimeout: 0, headersTimeout: 0, bodyTimeout: 0 };
const isBun = process.versions.bun !== undefined;

/** A proxy for the backends, listening, closed at the end. */
async function withProxy(
  backends: Backends,
  run: (url: string, app: FastifyInstance) => Promise<void>,
  options: Parameters<typeof upstream>[2] = {},
): Promise<void> {
  const app = Fastify({ forceCloseConnections: true });
  await app.register(pilotedPlugin, { piloted: backends.piloted });
  // Bun has an undici of its own, which @fastify/reply-from cannot use.
  await app.register(replyFrom, isBun ? { http: {} } : { undici: NO_TIMERS });
  const hooks = upstream(app.piloted, SERVICE, options);
  app.all("/api/*", (request, reply) => reply.from(request.url, hooks));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  try {
    await run(url, app);
  } finally {
    await app.close();
  }
}

async function text(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  return `${response.status} ${await response.text()}`;
}

test("pilotedPlugin() creates a client from a configuration and closes it with the application", async () => {
  const consul = new EmbeddedConsul();
  consul.register({ name: "db", id: "a", address: "10.0.0.1", port: 5432 });
  const app = Fastify();
  app.register(pilotedPlugin, {
    config: { consul: "127.0.0.1:8500", watches: [{ name: "db" }] },
    fetch: consul.fetch,
    signals: false,
  });
  // A sibling context sees the client.
  app.register((inner, _, done) => {
    inner.get("/db", () => inner.piloted.pick("db").host);
    done();
  });
  assertEquals((await app.inject("/db")).body, "10.0.0.1:5432");
  const { piloted } = app;
  await app.close();
  assertEquals(piloted.status().state, "closed");
  await consul.close();
});

test("pilotedPlugin() leaves a client open that it was given, and refuses anything else", () =>
  Backends.run(async (backends) => {
    const app = Fastify();
    await app.register(pilotedPlugin, { piloted: backends.piloted });
    await app.close();
    assert(backends.piloted.status().state !== "closed");
    const wrong = Fastify();
    await assertRejects(
      async () => await wrong.register(pilotedPlugin, { piloted: {} as Piloted }),
      TypeError,
      "option piloted",
    );
    const invalid = Fastify();
    await assertRejects(
      async () => await invalid.register(pilotedPlugin, { balancr: "random" } as object),
      TypeError,
      "Did you mean balancer?",
    );
  }));

test("upstream() spreads requests over the endpoints, with path, query and body, and releases every lease", () =>
  Backends.run(async (backends) => {
    const a = await backends.start("a");
    const b = await backends.start("b");
    await withProxy(backends, async (url) => {
      for (let i = 0; i < 10; i++) {
        const body = JSON.stringify({ i });
        const headers = { "content-type": "application/json" };
        assertMatch(
          await text(`${url}/api/x?i=${i}`, { method: "POST", body, headers }),
          /^200 [ab]$/,
        );
      }
    });
    assertEquals([a.requests.length, b.requests.length], [5, 5]);
    const third = [...a.requests, ...b.requests].find((request) => request.includes("i=3"));
    assertMatch(third!, /^POST \/api\/x\?i=3 127\.0\.0\.1:\d+ \{"i":3\}$/);
    assertEquals(backends.pendingCount, 0);
  }, { balancer: "round-robin" }));

test("upstream() sends a request once, reports failures, and an endpoint that fails is ejected", () =>
  Backends.run(async (backends) => {
    const bad = await backends.start("bad", (_, response) => {
      response.writeHead(503);
      response.end("no");
    });
    await backends.start("good");
    await withProxy(backends, async (url) => {
      const answers: string[] = [];
      while (backends.piloted.status(SERVICE).balance.ejectedCount === 0) {
        answers.push(await text(`${url}/api/x`));
        assert(answers.length < 100);
      }
      assertEquals(answers.filter((answer) => answer === "503 no").length, bad.requests.length);
      assertEquals(await text(`${url}/api/x`), "200 good");
    });
    assertEquals(backends.pendingCount, 0);
  }, { balancer: "round-robin" }));

test("upstream() reports an endpoint where nothing listens, and a client that leaves releases its lease", () =>
  Backends.run(async (backends) => {
    await backends.list("dead", await backends.deadPort());
    await withProxy(backends, async (url) => {
      assertMatch(await text(`${url}/api/x`), /^500 .*ECONNREFUSED/);
      assertEquals(backends.pendingCount, 0);
      await backends.unlist("dead");
      await backends.start("slow", () => {});
      const abort = new AbortController();
      const left = fetch(`${url}/api/x`, { signal: abort.signal }).catch(() => "left");
      await waitUntil(() => backends.pendingCount === 1);
      abort.abort();
      assertEquals(await left, "left");
      await waitUntil(() => backends.pendingCount === 0);
    });
  }, { emptyPolicy: "accept" }));

test("upstream() answers 503 while nothing is listed, and takes hooks for response and error", () =>
  Backends.run(async (backends) => {
    const seen: string[] = [];
    await withProxy(backends, async (url) => {
      assertMatch(await text(`${url}/api/x`), /^503 .*NO_ENDPOINTS/);
      await backends.start("a");
      assertEquals(await text(`${url}/api/x`), "200 own");
      await backends.unlist("a");
      await backends.list("dead", await backends.deadPort());
      assertEquals(await text(`${url}/api/x`), "502 mine");
    }, {
      onResponse(_, reply, { stream }) {
        seen.push("response");
        stream.resume();
        void reply.send("own");
      },
      onError(reply) {
        seen.push("error");
        void reply.code(502).send("mine");
      },
    });
    assertEquals(seen, ["response", "error"]);
  }, { emptyPolicy: "accept" }));

test("upstream() releases the lease of an endpoint that does not answer in time", () =>
  Backends.run(async (backends) => {
    await backends.start("slow", () => {});
    const app = Fastify({ forceCloseConnections: true });
    await app.register(replyFrom, { http: {} });
    const hooks = upstream(backends.piloted, SERVICE);
    app.get("/api/x", (request, reply) => reply.from(request.url, { ...hooks, timeout: 50 }));
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    assertMatch(await text(`${url}/api/x`), /^504 /);
    await waitUntil(() => backends.pendingCount === 0);
    await app.close();
  }));

test("upstream() listens once to a connection that many upstreams share", () =>
  Backends.run(async (backends) => {
    await backends.start("a");
    const app = Fastify({ forceCloseConnections: true });
    await app.register(replyFrom, isBun ? { http: {} } : { undici: NO_TIMERS });
    for (let i = 0; i < 15; i++) {
      const hooks = upstream(backends.piloted, SERVICE);
      app.get(`/api/${i}`, (request, reply) => reply.from(request.url, hooks));
    }
    let most = 0;
    app.addHook("onResponse", (request, _, done) => {
      most = Math.max(most, request.raw.socket.listenerCount("close"));
      done();
    });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    for (let i = 0; i < 15; i++) assertEquals(await text(`${url}/api/${i}`), "200 a");
    assert(most < 10, `${most} listeners`);
    await app.close();
  }));

test("upstream() takes a key for sticky requests, and refuses names and options that do not exist", () =>
  Backends.run(async (backends) => {
    for (const id of ["a", "b", "c"]) await backends.start(id);
    await withProxy(backends, async (url) => {
      const answers = new Set<string>();
      for (let i = 0; i < 6; i++) {
        answers.add(await text(`${url}/api/x`, { headers: { "x-user": "7" } }));
      }
      assertEquals(answers.size, 1);
    }, { key: ({ headers }) => String(headers["x-user"]) });
    const wrong = (options: object) => () => upstream(backends.piloted, SERVICE, options);
    assertThrows(wrong({ keys: 1 }), TypeError, "Did you mean key?");
    assertThrows(wrong({ scheme: "ftp" }), TypeError, "one of http, https");
    assertThrows(() => upstream(backends.piloted as Piloted, "custmers"), PilotedError, "custmers");
  }, { balancer: "hash" }));

test("upstream() holds a lease to the end of the body with least-pending, on a kept connection too", () =>
  Backends.run(async (backends) => {
    let end = () => {};
    await backends.start("a", (request, response) => {
      if (request.url !== "/api/slow") return void response.end("fast");
      response.write("head");
      end = () => response.end("tail");
    });
    await withProxy(backends, async (url) => {
      const response = await fetch(`${url}/api/slow`);
      assertEquals(backends.pendingCount, 1);
      end();
      assertEquals(await response.text(), "headtail");
      await waitUntil(() => backends.pendingCount === 0);
      const warnings: Error[] = [];
      const warned = (warning: Error) => warnings.push(warning);
      process.on("warning", warned);
      for (let i = 0; i < 30; i++) await (await fetch(`${url}/api/x`)).text();
      await new Promise((resolve) => setTimeout(resolve));
      process.off("warning", warned);
      assertEquals(warnings, []);
      assertEquals(backends.pendingCount, 0);
    });
  }, { balancer: "least-pending" }));

test("@fastify/reply-from with the undici dispatcher repeats what a broken endpoint refuses", {
  skip: isBun && "Bun has an undici of its own, without dispatchers",
}, () =>
  Backends.run(async (backends) => {
    await backends.list("dead", await backends.deadPort());
    await backends.start("good");
    const app = Fastify({ forceCloseConnections: true });
    const dispatcher = new Agent(NO_TIMERS).compose(composed(backends.piloted));
    await app.register(replyFrom, { base: `http://${SERVICE.toLowerCase()}`, undici: dispatcher });
    app.all("/api/*", (request, reply) => reply.from(request.url));
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    for (let i = 0; i < 4; i++) assertEquals(await text(`${url}/api/x`), "200 good");
    await app.close();
    await dispatcher.close();
  }, { balancer: "round-robin" }));
