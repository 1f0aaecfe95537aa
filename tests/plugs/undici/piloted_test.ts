import { assert, assertEquals, assertRejects } from "@std/assert";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import process from "node:process";
import { Readable } from "node:stream";
import { Agent, type Dispatcher, fetch, request } from "undici";
import type { PilotedOptions } from "../../../src/client/options.ts";
import { PilotedError } from "../../../src/errors.ts";
import { piloted, type PilotedDispatchOptions } from "../../../src/plugs/undici/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends } from "../support/backends.ts";

// undici's own timers of a second or more are shared by all requests, and run on after a test.
const NO_TIMERS = { connectTimeout: 0, headersTimeout: 0, bodyTimeout: 0 };

const URL_ = "http://myService/orders";

function withDispatcher(
  run: (it: Backends, dispatcher: Dispatcher) => Promise<void>,
  options: PilotedDispatchOptions = {},
  client: PilotedOptions = {},
): Promise<void> {
  return Backends.run(async (it) => {
    const dispatcher = new Agent(NO_TIMERS).compose(piloted(it.piloted, options));
    try {
      await run(it, dispatcher);
    } finally {
      await dispatcher.destroy();
    }
  }, client);
}

async function text(
  dispatcher: Dispatcher,
  options: Partial<Dispatcher.RequestOptions> = {},
  url = URL_,
): Promise<string> {
  const { statusCode, body } = await request(url, { dispatcher, ...options } as never);
  return `${statusCode} ${await body.text()}`;
}

const refuse: RequestListener = (_, response) => void response.writeHead(503).end("busy");
const reset = (request: IncomingMessage, _: ServerResponse) => void request.socket.destroy();

// Bun has an undici of its own, without dispatchers.
if (process.versions.bun === undefined) {
  test("piloted() sends each request of request() and fetch() to an endpoint", () =>
    withDispatcher(async (it, dispatcher) => {
      const { port, requests } = await it.start("a");
      const other = await it.start("b");
      const answers = new Set<string>();
      for (let i = 0; i < 20; i++) {
        answers.add(await text(dispatcher, { method: "POST", body: "order" }));
        answers.add(`200 ${await (await fetch(URL_, { dispatcher })).text()}`);
      }
      assertEquals([...answers].sort(), ["200 a", "200 b"]);
      assert(requests.every((line) => line.includes(` /orders 127.0.0.1:${port}`)));
      const methods = [...requests, ...other.requests].map((line) => line.split(" ")[0]);
      assertEquals(methods.filter((method) => method === "POST").length, 20);
      assertEquals(methods.length, 40);
      assertEquals(it.pendingCount, 0);
    }));

  test("piloted() connects elsewhere, whatever the method, and with a stream that was not read", () =>
    withDispatcher(async (it, dispatcher) => {
      await it.list("dead", await it.deadPort());
      const { requests } = await it.start("a");
      for (let i = 0; i < 8; i++) {
        assertEquals(await text(dispatcher, { method: "POST", body: "order" }), "200 a");
        const body = Readable.from([`stream ${i}`]);
        assertEquals(await text(dispatcher, { method: "POST", body }), "200 a");
        const response = await fetch(URL_, { method: "POST", body: "fetched", dispatcher });
        assertEquals(await response.text(), "a");
      }
      assertEquals(requests.length, 24);
      assertEquals(requests.filter((line) => line.includes("stream")).length, 8);
      assertEquals(it.pendingCount, 0);
    }));

  test("piloted() sends idempotent requests again after a reset and a 503, and nothing else", () =>
    withDispatcher(async (it, dispatcher) => {
      let bad: RequestListener = reset;
      const broken = await it.start("bad", (request, response) => bad(request, response));
      const good = await it.start("good");
      for (bad of [reset, refuse]) {
        for (let i = 0; i < 3; i++) assertEquals(await text(dispatcher), "200 good");
      }
      const count = () => broken.requests.length + good.requests.length;
      for (bad of [reset, refuse]) {
        for (let i = 0; i < 6; i++) {
          const before = count();
          await text(dispatcher, { method: "POST", body: "order" }).catch(() => {});
          assertEquals(count(), before + 1);
        }
      }
      assertEquals(it.pendingCount, 0);
    }));

  test("piloted() with retry: never sends nothing again, with always a POST with a body", async () => {
    for (const retry of ["never", "always"] as const) {
      await withDispatcher(async (it, dispatcher) => {
        const backends = [await it.start("x", refuse), await it.start("y", refuse)];
        const method = retry === "never" ? "GET" : "POST";
        const body = retry === "never" ? null : "order";
        assertEquals(await text(dispatcher, { method, body }), "503 busy");
        const requests = backends.flatMap(({ requests }) => requests);
        assertEquals(requests.length, retry === "never" ? 1 : 3);
        assertEquals(it.pendingCount, 0);
      }, { retry });
    }
  });

  test("piloted() fails with NO_ENDPOINTS, UNKNOWN_SERVICE for a port, and CLOSED, never asking DNS", () =>
    withDispatcher(async (it, dispatcher) => {
      const code = async (url: string) =>
        (await assertRejects(() => text(dispatcher, {}, url), PilotedError)).code;
      assertEquals(await code("http://MYSERVICE/"), "NO_ENDPOINTS");
      assertEquals(await code("http://myservice:8080/"), "UNKNOWN_SERVICE");
      await it.piloted.close();
      assertEquals(await code("http://myservice/"), "CLOSED");
      const failure = await assertRejects(() => fetch(URL_, { dispatcher }), TypeError);
      assertEquals((failure.cause as PilotedError).code, "CLOSED");
      const strict = new Agent().compose(piloted(it.piloted, { unknownHosts: "reject" }));
      await assertRejects(() => text(strict, {}, "http://127.0.0.1:1/"), PilotedError);
      await strict.destroy();
    }));

  test("piloted() passes requests for other hosts through, and reports an error after all attempts", () =>
    withDispatcher(async (it, dispatcher) => {
      const { port } = await it.start("a");
      assertEquals(await text(dispatcher, {}, `http://127.0.0.1:${port}/`), "200 a");
      await it.list("dead", await it.deadPort());
      await it.unlist("a");
      const error = await assertRejects(() => text(dispatcher), Error);
      assertEquals((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    }));

  test("piloted() releases the lease of an aborted request, and counts it for nobody", () =>
    withDispatcher(async (it, dispatcher) => {
      await it.start("silent", () => {});
      for (let i = 0; i < 10; i++) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), i);
        await assertRejects(() => text(dispatcher, { signal: controller.signal }));
        const signal = AbortSignal.timeout(i + 1);
        await assertRejects(() => fetch(URL_, { dispatcher, signal }));
      }
      await waitUntil(() => it.pendingCount === 0);
      const [endpoint] = it.piloted.status("myService").balance.endpoints;
      assertEquals(endpoint!.consecutiveFailureCount, 0);
    }));

  test("piloted() ends the wait before a retry when the caller aborts", () =>
    withDispatcher(async (it, dispatcher) => {
      const later: RequestListener = (_, response) =>
        void response.writeHead(429, { "retry-after": "4" }).end();
      const { requests } = await it.start("a", later);
      const startedAt = Date.now();
      const signal = AbortSignal.timeout(100);
      await assertRejects(() => text(dispatcher, { signal }));
      assert(Date.now() - startedAt < 3_000);
      assertEquals([requests.length, it.pendingCount], [1, 0]);
    }));

  test("piloted() with hostHeader: service sends the name, unless the request has a Host header", () =>
    withDispatcher(async (it, dispatcher) => {
      const { requests } = await it.start("a");
      await text(dispatcher);
      await text(dispatcher, { headers: { Host: "mine" } });
      await text(dispatcher, { headers: ["x-a", "b"] });
      assertEquals(requests.map((line) => line.split(" ")[2]), ["myService", "mine", "myService"]);
    }, { hostHeader: "service" }));

  test("piloted() sends what a 503 with Retry-After refuses elsewhere at once, and rests the endpoint", () =>
    withDispatcher(
      async (it, dispatcher) => {
        const tired = await it.start("tired", (_, response) => {
          response.writeHead(503, { "retry-after": "60" }).end("later");
        });
        await it.start("fine");
        // Also those that came before it was known.
        for (let i = 0; i < 20; i++) assertEquals(await text(dispatcher), "200 fine");
        assertEquals(tired.requests.length, 1);
        // Better a refusal than nothing, when nobody else is there.
        await it.unlist("fine");
        assertEquals(await text(dispatcher), "503 later");
      },
      {},
      { balancer: "round-robin" },
    ));

  test("piloted() waits for the only endpoint as long as it asks, up to maxRetryAfterMs", () =>
    withDispatcher(async (it, dispatcher) => {
      let refusals = 1;
      const one = await it.start("one", (_, response) => {
        if (refusals-- > 0) response.writeHead(429, { "retry-after": "1" }).end("later");
        else response.end("now");
      });
      const before = Date.now();
      assertEquals(await text(dispatcher), "200 now");
      assert(Date.now() - before >= 990);
      refusals = 1;
      assertEquals(await text(dispatcher, { method: "POST", body: "x" }), "429 later");
      assertEquals(one.requests.length, 3);
    }));

  test("piloted() learns what classify says: pages that fail fast attract no requests", () =>
    withDispatcher(
      async (it, dispatcher) => {
        const broken = await it.start("broken", (_, response) => {
          response.writeHead(200, { "x-broken": "1" }).end("an error page");
        });
        await it.start("a");
        await it.start("b");
        while (it.piloted.status("myService").balance.ejectedCount === 0) {
          await text(dispatcher);
          assert(broken.requests.length < 50);
        }
        const { length } = broken.requests;
        for (let i = 0; i < 20; i++) await text(dispatcher);
        assertEquals(broken.requests.length, length);
      },
      { classify: ({ headers }) => headers["x-broken"] === undefined ? "success" : "failure" },
      { balancer: "round-robin" },
    ));

  test("piloted() fails a request whose classify throws, and releases its lease", () =>
    withDispatcher(async (it, dispatcher) => {
      await it.start("a");
      await assertRejects(() => text(dispatcher), Error, "cannot classify");
      await waitUntil(() => it.pendingCount === 0);
    }, {
      classify() {
        throw new Error("cannot classify");
      },
    }));

  test("piloted() holds the lease to the end of the body with least-pending", () =>
    withDispatcher(
      async (it, dispatcher) => {
        let end = () => {};
        await it.start("a", (_, response) => {
          response.write("head");
          end = () => response.end("tail");
        });
        const { body } = await request(URL_, { dispatcher } as never);
        assertEquals(it.pendingCount, 1);
        end();
        assertEquals(await body.text(), "headtail");
        await waitUntil(() => it.pendingCount === 0);
        const broken = await request(URL_, { dispatcher } as never);
        broken.body.on("error", () => {});
        broken.body.destroy();
        await waitUntil(() => it.pendingCount === 0);
      },
      {},
      { balancer: "least-pending" },
    ));
}
