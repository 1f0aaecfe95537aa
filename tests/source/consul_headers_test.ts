import { assertEquals } from "@std/assert";
import { decodeFreshness, decodeIndex } from "../../src/source/consul_headers.ts";
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
