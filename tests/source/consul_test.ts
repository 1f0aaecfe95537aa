import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { PilotedError, type PilotedErrorCode } from "../../src/errors.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { test } from "../support/test.ts";
import { entry, failureOf, scripted } from "./support.ts";

const query = { service: "app" };
const TOKEN = "b1gs33cr3t-0000-4000-8000-000000000001";
const good = JSON.stringify([entry()]);

function answer(body: string | null, status = 200, headers: Record<string, string> = {}) {
  return () => new Response(body, { status, headers });
}

test("ConsulSource.read() gives endpoints, index and freshness of one answer", async () => {
  const { source, asked } = scripted(answer(good, 200, {
    "X-Consul-Index": "42",
    "X-Consul-LastContact": "3",
    "X-Consul-KnownLeader": "true",
  }));
  const reading = await source.read(query, { position: "41", waitMs: 30_000 });
  assertEquals(reading.endpoints.map(({ host }) => host), ["10.0.0.1:8080"]);
  assertEquals(reading.position, "42");
  assertEquals(reading.freshness, { lastContactMs: 3, knownLeader: true });
  assertEquals(reading.skipped, []);
  assertEquals(asked.map(({ url }) => url), [
    "http://127.0.0.1:8500/v1/health/service/app?stale&index=41&wait=30000ms",
  ]);
});

test("ConsulSource.read() follows no redirect and takes nothing from an HTTP cache", async () => {
  const { source, asked } = scripted(answer(good));
  await source.read(query);
  const { redirect, cache, method, body } = asked[0]!.init;
  assertEquals([redirect, cache, method, body], ["manual", "no-store", undefined, undefined]);
});

test("ConsulSource.read() sends the token in a header and never in the address", async () => {
  const { source, asked } = scripted(answer(good), { token: TOKEN });
  await source.read(query);
  assertEquals(new Headers(asked[0]!.init.headers).get("X-Consul-Token"), TOKEN);
  assert(!asked[0]!.url.includes(TOKEN));
});

test("ConsulSource.read() sends no token where there is none", async () => {
  for (const token of [undefined, ""]) {
    const { source, asked } = scripted(answer(good), { token });
    await source.read(query);
    assert(!new Headers(asked[0]!.init.headers).has("X-Consul-Token"));
  }
});

test("ConsulSource uses the global fetch of the moment", async () => {
  const real = globalThis.fetch;
  const source = new ConsulSource({ url: "http://127.0.0.1:8500" });
  try {
    globalThis.fetch = () => Promise.resolve(new Response(good));
    assertEquals((await source.read(query)).endpoints.length, 1);
  } finally {
    globalThis.fetch = real;
  }
});

for (
  const [status, body, code, words] of [
    [400, "Invalid index", "REGISTRY_RESPONSE", 'received 400 "Invalid index"'],
    [401, "", "REGISTRY_DENIED", "received 401 an empty body"],
    [403, "ACL not found", "REGISTRY_DENIED", 'received 403 "ACL not found"'],
    [404, "404 page not found", "REGISTRY_RESPONSE", "received 404"],
    [429, "Your IP is issuing too many concurrent connections", "REGISTRY_RESPONSE", "429"],
    [500, "No cluster leader", "REGISTRY_UNREACHABLE", 'received 500 "No cluster leader"'],
    [500, "No path to datacenter", "REGISTRY_RESPONSE", "No path to datacenter"],
    [502, "", "REGISTRY_UNREACHABLE", "received 502"],
    [503, "<html>\n  <b>Down</b>\n</html>", "REGISTRY_UNREACHABLE", '"<html> <b>Down</b> </html>"'],
    [301, "", "REGISTRY_RESPONSE", "redirects are not followed, received 301"],
    [302, "", "REGISTRY_RESPONSE", "redirects are not followed, received 302"],
    [307, "", "REGISTRY_RESPONSE", "redirects are not followed, received 307"],
    [308, "", "REGISTRY_RESPONSE", "redirects are not followed, received 308"],
    [204, null, "REGISTRY_RESPONSE", "received 204"],
    [418, "x".repeat(5_000), "REGISTRY_RESPONSE", `"${"x".repeat(120)}..."`],
    [503, "x".repeat(5_000_000), "REGISTRY_UNREACHABLE", "received 503 a very large body"],
  ] as [number, string | null, PilotedErrorCode, string][]
) {
  test(`ConsulSource.read() answers ${status} ${body?.slice(0, 20) ?? ""} with ${code}`, async () => {
    const { source } = scripted(answer(body, status));
    const error = await failureOf(source.read(query));
    assertEquals([error.code, error.status, error.service], [code, status, "app"]);
    assertEquals(error.url, "http://127.0.0.1:8500");
    const begin = 'Cannot read service "app" from Consul at http://127.0.0.1:8500: ';
    assert(error.message.startsWith(begin) && error.message.includes(words), error.message);
    assert(error.message.length < 400);
  });
}

for (
  const [what, body, words] of [
    [
      "HTML",
      "<!DOCTYPE html><p>Log in",
      "must be JSON, received an HTML page, is a proxy in between? ",
    ],
    ["nothing", "", "must be JSON, received an empty body"],
    ["a part of JSON", good.slice(0, -20), "must be JSON"],
    ["JSON and then more", `${good}x`, "must be JSON"],
    ["an object", '{"error":"no"}', 'must be a list, received "{\\"error\\":\\"no\\"}"'],
    ["null", "null", 'must be a list, received "null"'],
    ["a text", '"app"', "must be a list"],
  ] as const
) {
  test(`ConsulSource.read() refuses ${what} with status 200`, async () => {
    const { source } = scripted(answer(body));
    const error = await failureOf(source.read(query));
    assertEquals([error.code, error.status], ["REGISTRY_RESPONSE", 200]);
    assert(error.message.includes(words), error.message);
  });
}

test("ConsulSource.read() keeps the good entries of a list and reports the others", async () => {
  const bad = entry({ service: { ID: "bad", Port: 0 } });
  const { source } = scripted(answer(JSON.stringify([bad, entry()])));
  const { endpoints, skipped } = await source.read(query);
  assertEquals(endpoints.map(({ id }) => id), ["app-1"]);
  assertEquals(skipped.map(({ code }) => code), ["ENDPOINT_INVALID"]);
});

test("ConsulSource.read() says what went wrong with a fetch that failed, and keeps its cause", async () => {
  const cause = new TypeError("fetch failed");
  const { source } = scripted(() => Promise.reject(cause));
  const error = await failureOf(source.read({ ...query, datacenter: "dc2" }));
  assertEquals(error.code, "REGISTRY_UNREACHABLE");
  assert(error.cause === cause);
  assertEquals(
    error.message,
    'Cannot read service "app" in datacenter "dc2" from Consul at http://127.0.0.1:8500: fetch failed',
  );
});

test("ConsulSource.read() passes on the code of a transport that can't be used", async () => {
  const cause = new PilotedError("CONFIG_INVALID", "Cannot read caFile: not there");
  const { source } = scripted(() => Promise.reject(cause));
  const error = await failureOf(source.read(query));
  assertEquals(error.code, "CONFIG_INVALID");
  assert(error.message.endsWith(": Cannot read caFile: not there"));
  assert(error.cause === cause);
});

test("ConsulSource.read() tells a body that broke off from no answer", async () => {
  const cause = new Error("reset");
  const body = new ReadableStream({ pull: (controller) => controller.error(cause) });
  const { source } = scripted(() => new Response(body));
  const error = await failureOf(source.read(query));
  assertEquals([error.code, error.status], ["REGISTRY_UNREACHABLE", 200]);
  assert(error.message.endsWith("the response was cut off: reset"));
  assert(error.cause === cause);
});

test("ConsulSource.read() takes a body of the limit and none that is one byte larger", async () => {
  const text = good.replace("node-1", "knoten-ü");
  const size = new TextEncoder().encode(text).byteLength;
  const at = (maxResponseBytes: number) => scripted(answer(text), { maxResponseBytes }).source;
  assertEquals((await at(size).read(query)).endpoints[0]?.node, "knoten-ü");
  const error = await failureOf(at(size - 1).read(query));
  assertEquals(error.code, "REGISTRY_RESPONSE");
  assert(
    error.message.includes(`the answer is larger than ${size - 1} bytes, the limit of the option`),
  );
});

test("ConsulSource.read() stops reading a body that is too large", async () => {
  let sent = 0;
  let cancelled = false;
  const chunk = new Uint8Array(1_000).fill(0x20);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += chunk.byteLength;
      controller.enqueue(chunk);
    },
    cancel() {
      cancelled = true;
      // A peer that never takes note must not hold us.
      return new Promise(() => {});
    },
  });
  const { source } = scripted(() => new Response(body), { maxResponseBytes: 10_000 });
  assertEquals((await failureOf(source.read(query))).code, "REGISTRY_RESPONSE");
  assert(cancelled && sent < 20_000, `${sent}`);
});

test("ConsulSource.read() puts characters together that arrive in pieces", async () => {
  const bytes = new TextEncoder().encode(good.replace("node-1", "ü\u{1f600}"));
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const { source } = scripted(() => new Response(body));
  assertEquals((await source.read(query)).endpoints[0]?.node, "ü\u{1f600}");
});

test("ConsulSource.read() tells how long a registry wants to be left alone", async () => {
  const at = async (status: number, headers: Record<string, string>) =>
    (await failureOf(scripted(answer("", status, headers)).source.read(query))).retryAfterMs;
  assertEquals(await at(429, { "Retry-After": "7" }), 7_000);
  assertEquals(await at(503, { "Retry-After": "0" }), 0);
  assertEquals(await at(429, {}), undefined);
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const retry = { "Date": date, "Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT" };
  assertEquals(await at(429, retry), 60_000);
});

test("ConsulSource.read() rejects with the signal's own reason at every stage", async () => {
  const reason = new Error("enough");
  const before = new AbortController();
  before.abort(reason);
  const { source, asked } = scripted(answer(good));
  assert(await source.read(query, { signal: before.signal }).catch((error) => error) === reason);
  assertEquals(asked.length, 0);

  // While the head of the answer, then while its body is waited for.
  const waits = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new TypeError("aborted by the runtime")));
    });
  const stages = [
    (init: RequestInit) => waits(init.signal!),
    (init: RequestInit) =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode("[{"));
            waits(init.signal!).catch((error) => controller.error(error));
          },
        }),
      ),
  ];
  for (const stage of stages) {
    const during = new AbortController();
    const waiting = scripted((_, init) => stage(init));
    const read = waiting.source.read(query, { signal: during.signal });
    await new Promise((resolve) => setTimeout(resolve));
    during.abort(reason);
    assert(await read.catch((error) => error) === reason);
  }
});

test("ConsulSource.read() asks nothing for a name that no URL can carry", async () => {
  const { source, asked } = scripted(answer(good));
  const error = await failureOf(source.read({ service: ".." }));
  assertEquals([error.code, asked.length], ["CONFIG_INVALID", 0]);
});

test("ConsulSource refuses a token that no header can carry, without repeating it", () => {
  for (const token of ["with space", "line\nbreak", "ünicode", "nul\0", "tab\t"]) {
    const error = assertThrows(
      () => new ConsulSource({ url: "http://127.0.0.1:8500", token }),
      PilotedError,
    );
    assertEquals(error.code, "CONFIG_INVALID");
    assert(!everything(error).includes(token));
  }
});

/** Whatever of an error may end in a log. */
function everything(error: PilotedError): string {
  const { cause } = error;
  const parts = [error, cause, JSON.stringify(error), JSON.stringify(cause), error.stack];
  return parts.map((part) => `${String(part)} ${inspect(part, { depth: 9, showHidden: true })}`)
    .join("\n");
}

const echoes: Record<string, () => Response | Promise<Response>> = {
  "a page that shows the request's headers": answer(`<pre>X-Consul-Token: ${TOKEN}</pre>`),
  "the token and nothing else": answer(TOKEN),
  "the token in the middle of what is no JSON": answer(`[{"a": ${TOKEN} }]`),
  "the token as JSON": answer(JSON.stringify({ token: TOKEN })),
  "a refusal with the token": answer(`token ${TOKEN} not found`, 403),
  "a failure with the token": answer(`rpc: ${TOKEN}`, 500),
  "the token where a long page is cut": answer("x".repeat(100) + TOKEN, 500),
  "a redirect with the token": answer("", 302, { Location: `http://evil.example/?t=${TOKEN}` }),
  "no answer": () => Promise.reject(new TypeError("fetch failed")),
};
for (const [what, reply] of Object.entries(echoes)) {
  test(`ConsulSource.read() tells no piece of the token when it gets ${what}`, async () => {
    const { source } = scripted(reply, { token: TOKEN });
    const told = everything(await failureOf(source.read(query)));
    for (let i = 0; i + 8 <= TOKEN.length; i++) {
      assert(!told.includes(TOKEN.slice(i, i + 8)), told);
    }
  });
}

test("ConsulSource shows no token when it is printed itself", () => {
  const source = new ConsulSource({ url: "http://127.0.0.1:8500", token: TOKEN });
  const text = inspect(source, { depth: 9, showHidden: true }) + JSON.stringify(source);
  assert(!text.includes(TOKEN));
});

test("ConsulSource.summarize() tells services apart by everything that it is told of them", async () => {
  const web = { Name: "web", InstanceCount: 2, ChecksPassing: 4, Tags: null };
  const list = [web, { Name: "api", InstanceCount: 1 }, { Name: "api", Kind: "connect-proxy" }];
  const { source, asked } = scripted(
    answer(JSON.stringify(list), 200, { "X-Consul-Index": "9" }),
  );
  const { services, position: index } = await source.summarize({ position: "8", waitMs: 1_000 });
  assertEquals(index, "9");
  assertEquals([...services.keys()], ["web", "api"]);
  assert(services.get("api")!.includes("connect-proxy"));
  assert(asked[0]!.url.endsWith("/v1/internal/ui/services?stale&index=8&wait=1000ms"));
});

test("ConsulSource.summarize() refuses a list of anything else", async () => {
  for (const list of [[1], [null], [{}], [{ Name: 1 }], ["web"]]) {
    const { source } = scripted(answer(JSON.stringify(list)));
    assertEquals((await failureOf(source.summarize())).code, "REGISTRY_RESPONSE");
  }
});

test("ConsulSource.summarize() rejects with the signal's own reason", async () => {
  const reason = new Error("enough");
  const { source } = scripted(answer("[]"));
  await assertRejects(
    () => source.summarize({ signal: AbortSignal.abort(reason) }),
    Error,
    "enough",
  );
});
