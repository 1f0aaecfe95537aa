import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PilotedError } from "../../src/errors.ts";
import { healthUrl, summaryUrl } from "../../src/source/consul_url.ts";
import { seed } from "../balance/support.ts";
import { test } from "../support/test.ts";

const BASE = "http://127.0.0.1:8500";
const PATH = `${BASE}/v1/health/service/`;
const plain = { consistency: "default" } as const;

for (
  const [name, encoded] of [
    ["app", "app"],
    ["a/b", "a%2Fb"],
    ["a/../../agent/self", "a%2F..%2F..%2Fagent%2Fself"],
    ["/", "%2F"],
    ["...", "..."],
    ["%00", "%2500"],
    ["\0", "%00"],
    ["a b", "a%20b"],
    ["a\r\nX-Consul-Token: x", "a%0D%0AX-Consul-Token%3A%20x"],
    ["bücher", "b%C3%BCcher"],
    ["\u{1f600}", "%F0%9F%98%80"],
    ["a?dc=x#y", "a%3Fdc%3Dx%23y"],
    ["%2e%2e", "%252e%252e"],
  ] as const
) {
  test(`healthUrl() takes ${JSON.stringify(name)} for one path segment`, () => {
    const url = healthUrl(BASE, { service: name }, plain);
    assertEquals(url, PATH + encoded);
    // What is sent is what stands there: URL changes nothing in it.
    assertEquals(new URL(url).href, url);
  });
}

for (const name of ["", ".", "..", "\ud800", "a\udc00b"]) {
  test(`healthUrl() refuses the name ${JSON.stringify(name)}, which no URL can carry`, () => {
    const error = assertThrows(() => healthUrl(BASE, { service: name }), PilotedError);
    assertEquals([error.code, error.service], ["CONFIG_INVALID", name]);
  });
}

test("healthUrl() encodes tag and datacenter, whatever is in them", () => {
  const query = { service: "app", tag: "a&b=c #%", datacenter: "../x?y" };
  assertEquals(
    healthUrl(BASE, query, plain),
    `${PATH}app?dc=..%2Fx%3Fy&tag=a%26b%3Dc%20%23%25`,
  );
  assertEquals(
    healthUrl(BASE, { service: "app", tag: "..", datacenter: "." }, plain),
    `${PATH}app?dc=.&tag=..`,
  );
  for (const part of [{ tag: "\ud800" }, { datacenter: "\ud800" }]) {
    const error = assertThrows(() => healthUrl(BASE, { service: "app", ...part }), PilotedError);
    assertEquals(error.code, "CONFIG_INVALID");
  }
});

test("healthUrl() leaves out an empty tag and datacenter", () => {
  assertEquals(healthUrl(BASE, { service: "app", tag: "", datacenter: "" }, plain), `${PATH}app`);
});

test("healthUrl() says how fresh the answer must be, stale where nothing is said", () => {
  const query = { service: "app" };
  assertEquals(healthUrl(BASE, query), `${PATH}app?stale`);
  assertEquals(healthUrl(BASE, query, { consistency: "consistent" }), `${PATH}app?consistent`);
  assertEquals(healthUrl(BASE, query, { consistency: "cached" }), `${PATH}app?cached`);
});

test("healthUrl() asks for a blocking answer only with an index and a time, never for 0 ms", () => {
  const query = { service: "app" };
  const url = (options: { position?: string; waitMs?: number }) =>
    healthUrl(BASE, query, { ...plain, ...options });
  assertEquals(url({ position: "7", waitMs: 30_000.4 }), `${PATH}app?index=7&wait=30000ms`);
  assertEquals(url({ position: "7", waitMs: 0.1 }), `${PATH}app?index=7&wait=1ms`);
  assertEquals(url({ position: "7" }), `${PATH}app`);
  assertEquals(url({ waitMs: 30_000 }), `${PATH}app`);
});

test("healthUrl() keeps the path of a Consul behind a prefix", () => {
  const url = healthUrl("https://proxy.example/consul", { service: "app" }, plain);
  assertEquals(url, "https://proxy.example/consul/v1/health/service/app");
});

test("healthUrl() never names another path or other parameters, whatever it is given", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
  const nasty = fc.array(fc.constantFrom("/", "..", ".", "%", "%2f", "\0", "?", "#", "&", "a"), {
    minLength: 1,
    maxLength: 12,
  }).map((parts) => parts.join(""));
  const word = fc.oneof(text, nasty);
  fc.assert(
    fc.property(word, word, word, (service, tag, datacenter) => {
      if (service === "." || service === "..") return;
      const url = new URL(healthUrl(BASE, { service, tag, datacenter }));
      const [, v1, health, kind, name, ...rest] = url.pathname.split("/");
      assertEquals([v1, health, kind, rest.length], ["v1", "health", "service", 0]);
      assertEquals(decodeURIComponent(name!), service);
      assertEquals([...url.searchParams.keys()], ["stale", "dc", "tag"]);
      assertEquals(url.searchParams.get("tag"), tag);
      assertEquals(url.searchParams.get("dc"), datacenter);
      assertEquals([url.origin, url.hash], [BASE, ""]);
    }),
    { seed, numRuns: 2_000 },
  );
});

test("summaryUrl() asks any server, and blocks as healthUrl() does", () => {
  const path = `${BASE}/v1/internal/ui/services?stale`;
  assertEquals(summaryUrl(BASE), path);
  assertEquals(summaryUrl(BASE, { position: "7", waitMs: 500 }), `${path}&index=7&wait=500ms`);
});
