import { assertEquals } from "@std/assert";
import {
  decodeDenial,
  decodeFreshness,
  decodeIndex,
  decodeLimit,
  decodeVisibility,
} from "../../src/source/consul_headers.ts";
import { test } from "../support/test.ts";

for (
  const [value, index] of [
    ["7", "7"],
    ["0", "1"],
    ["000", "1"],
    ["007", "7"],
    ["9007199254740993", "9007199254740993"],
    ["18446744073709551615", "18446744073709551615"],
    // Consul would answer 400 to these, for ever.
    ["18446744073709551616", undefined],
    ["99999999999999999999", undefined],
    ["1".repeat(5_000), undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["seven", undefined],
    ["7, 8", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const
) {
  test(`decodeIndex() makes ${index} of ${value?.slice(0, 30)}`, () => {
    const headers = new Headers(value === undefined ? {} : { "X-Consul-Index": value });
    assertEquals(decodeIndex(headers), index);
  });
}

test("decodeFreshness() takes over what Consul says", () => {
  const headers = new Headers({
    "X-Consul-LastContact": "12",
    "X-Consul-KnownLeader": "true",
    "X-Cache": "HIT",
    "Age": "3",
  });
  assertEquals(decodeFreshness(headers), {
    lastContactMs: 12,
    knownLeader: true,
    cache: "hit",
    ageMs: 3_000,
  });
  const without = new Headers({ "X-Consul-KnownLeader": "false", "X-Cache": "MISS" });
  assertEquals(decodeFreshness(without), { knownLeader: false, cache: "miss" });
});

test("decodeFreshness() leaves out what is missing or in other words", () => {
  assertEquals(decodeFreshness(new Headers()), {});
  const odd = new Headers({
    "X-Consul-LastContact": "-1",
    "X-Consul-KnownLeader": "yes",
    "X-Cache": "Hit from cloudfront",
    "Age": "1.5",
  });
  assertEquals(decodeFreshness(odd), {});
});

test("decodeFreshness() leaves the zero values of the streaming backend out, and names it", () => {
  const zeros = { "X-Consul-KnownLeader": "false", "X-Consul-LastContact": "0" };
  const streaming = new Headers({ ...zeros, "X-Consul-Query-Backend": "streaming" });
  assertEquals(decodeFreshness(streaming), { backend: "streaming" });
  const query = new Headers({ ...zeros, "X-Consul-Query-Backend": "blocking-query" });
  assertEquals(decodeFreshness(query), {
    backend: "blocking-query",
    knownLeader: false,
    lastContactMs: 0,
  });
  assertEquals(decodeFreshness(new Headers({ "X-Consul-Query-Backend": "magic" })), {});
});

for (
  const [headers, hasToken, expected] of [
    [{}, false, {}],
    [{ "X-Consul-Results-Filtered-By-ACLs": "true" }, true, { hidden: true }],
    [{ "X-Consul-Default-ACL-Policy": "deny" }, false, { deniedByDefault: true }],
    [{ "X-Consul-Default-ACL-Policy": "deny" }, true, {}],
    [{ "X-Consul-Default-ACL-Policy": "allow" }, false, {}],
  ] as const
) {
  test(`decodeVisibility() of ${JSON.stringify(headers)} with${hasToken ? "" : "out"} a token`, () => {
    assertEquals(decodeVisibility(new Headers(headers), hasToken), expected);
  });
}

for (
  const [status, body, limit] of [
    [429, "Your IP is issuing too many concurrent connections, please rate limit", "connections"],
    [429, "rate limit exceeded, try again later or against a different server", "rate"],
    [429, "", "rate"],
    [429, undefined, "rate"],
    [503, "rate limit exceeded for operation that can only be performed by the leader", "rate"],
    [503, "no healthy upstream", undefined],
    [500, "rate limit exceeded", undefined],
    [200, "rate limit exceeded", undefined],
  ] as const
) {
  test(`decodeLimit() of ${status} ${JSON.stringify(body?.slice(0, 20))} is ${limit}`, () => {
    assertEquals(decodeLimit(status, body), limit);
  });
}

test("decodeDenial() tells a blocked endpoint from a token that is not allowed", () => {
  assertEquals(decodeDenial("Permission denied").isToken, true);
  assertEquals(decodeDenial(undefined).isToken, true);
  assertEquals(decodeDenial("Endpoint is blocked by agent configuration").isToken, false);
});
