import { assertEquals, assertExists } from "@std/assert";
import { describeDifference, describeEvent } from "../../src/http/page/change_text.ts";
import {
  formatCount,
  formatDuration,
  formatFailing,
  formatInstances,
  formatLatency,
  formatNumber,
  formatShare,
} from "../../src/http/page/format.ts";
import { SCRIPT } from "../../src/http/page/script.ts";
import { test } from "../support/test.ts";
import { endpoint } from "./fake_client.ts";

const A = endpoint("app", 1);
const B = endpoint("app", 2);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("formatDuration() has at most two units", () => {
  const cases: [number, string][] = [
    [-5, "0s"],
    [0, "0s"],
    [999, "0s"],
    [SECOND, "1s"],
    [59.9 * SECOND, "59s"],
    [MINUTE, "1m"],
    [4 * MINUTE + 5.5 * SECOND, "4m 5s"],
    [HOUR + 2 * MINUTE + 3 * SECOND, "1h 2m"],
    [DAY - 1, "23h 59m"],
    [DAY, "1d"],
    [2 * DAY + 3 * HOUR + 59 * MINUTE, "2d 3h"],
    [400 * DAY, "400d"],
  ];
  for (const [ms, text] of cases) assertEquals(formatDuration(ms), text, String(ms));
});

test("the page's script formats durations as formatDuration() does", () => {
  const source = /function duration\(ms\) \{[\s\S]+?\n {2}\}/.exec(SCRIPT)?.[0];
  assertExists(source, "no function duration in the script");
  const duration = new Function(`return ${source}`)() as (ms: number) => string;
  for (const unit of [1, SECOND, MINUTE, HOUR, DAY]) {
    for (const factor of [0, 0.5, 1, 1.5, 2, 7.25, 23, 24, 25, 59, 59.99, 60, 61, 100]) {
      for (const rest of [0, 1, SECOND, MINUTE + SECOND]) {
        const ms = unit * factor + rest;
        assertEquals(duration(ms), formatDuration(ms), String(ms));
      }
    }
  }
});

test("formatCount() has a plural", () => {
  assertEquals([0, 1, 2].map((count) => formatCount(count, "endpoint")), [
    "0 endpoints",
    "1 endpoint",
    "2 endpoints",
  ]);
});

test("formatShare() is 100 % only for all, and 0 % only for nothing", () => {
  const cases: [number, number, string][] = [
    [0, 0, ""],
    [0, 5, "0 %"],
    [1, 1_000, "<1 %"],
    [1, 3, "33 %"],
    [2, 3, "67 %"],
    [98, 100, "98 %"],
    [997, 1_000, "99.7 %"],
    [9_999, 10_000, ">99.9 %"],
    [5, 5, "100 %"],
  ];
  for (const [part, whole, text] of cases) assertEquals(formatShare(part, whole), text);
});

test("formatLatency() has two digits, formatNumber() groups", () => {
  const cases: [number, string][] = [
    [0, "<1 ms"],
    [0.99, "<1 ms"],
    [1.234, "1.2 ms"],
    [47.6, "48 ms"],
    [183.2, "180 ms"],
    [999, "1 s"],
    [1_349, "1.3 s"],
    [61_000, "61 s"],
  ];
  for (const [ms, text] of cases) assertEquals(formatLatency(ms), text);
  assertEquals([1_234_567, 1 / 3, 3].map(formatNumber), ["1,234,567", "0.33", "3"]);
});

test("formatInstances() adds up watches and leaves out zeros", () => {
  const none = { listed: 0, passing: 0, warning: 0, critical: 0, maintenance: 0, skipped: 0 };
  assertEquals(formatInstances([none]), "0 instances");
  const counts = { ...none, listed: 4, passing: 1, critical: 2, maintenance: 1 };
  const other = { ...none, listed: 1, skipped: 1 };
  assertEquals(
    formatInstances([counts, other]),
    "5 instances: 1 passing, 2 critical, 1 in maintenance, 1 skipped",
  );
  assertEquals(formatFailing([counts, other]), "2 critical, 1 in maintenance, 1 skipped");
  assertEquals(formatFailing([{ ...none, listed: 2, passing: 2 }]), "");
});

function described(type: string, data: Record<string, unknown>): string {
  return describeEvent({ type, service: "app", number: 1, at: 0, data });
}

test("describeDifference() names every fact that differs, old and new", () => {
  const after = endpoint("app", 1, {
    address: "10.0.0.9",
    status: "warning",
    weight: 3,
    zone: "west",
    tags: [],
    meta: { version: "2", scheme: "https" },
  });
  assertEquals(
    describeDifference({ before: A, after }),
    "10.0.0.9:8080 address 10.0.0.1:8080 → 10.0.0.9:8080, status passing → warning, " +
      "weight 1 → 3, zone none → west, tags blue → none, " +
      "meta version=1 → scheme=https version=2",
  );
});

test("describeEvent() describes a change with before and after", () => {
  const after = endpoint("app", 1, { status: "warning" });
  const changed = [{ before: A, after }];
  assertEquals(
    described("change", { added: [B], removed: [], changed, endpointCount: 2 }),
    "10.0.0.2:8080 joined; 10.0.0.1:8080 status passing → warning (2 endpoints)",
  );
  const many = Array.from({ length: 7 }, (_, number) => endpoint("app", number + 1));
  assertEquals(
    described("change", { added: [], removed: many, changed: [], endpointCount: 0 }),
    `${[1, 2, 3, 4, 5].map((n) => `10.0.0.${n}:8080`).join(", ")} and 2 more left (0 endpoints)`,
  );
});

test("describeEvent() describes states, refreshes and balancing", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["status", { state: "live" }, "is live"],
    ["status", { state: "stale", reason: "refused" }, "is stale: refused"],
    ["refresh", { services: ["a", "b"], failed: [], durationMs: 5 }, "2 services refreshed"],
    ["refresh", { services: ["a"], failed: [], durationMs: 2_500 }, "1 service refreshed in 2s"],
    ["refresh", { services: ["a"], failed: ["a"], durationMs: 5 }, "refresh failed for a"],
    ["balance", { decision: "readmitted", endpoint: A }, "10.0.0.1:8080 readmitted"],
    [
      "balance",
      { decision: "ejected", endpoint: A, reason: "consecutive_failures" },
      "10.0.0.1:8080 ejected: consecutive failures",
    ],
    [
      "balance",
      { decision: "panic", on: true },
      "too few endpoints are left: ejected ones are used as well",
    ],
    [
      "balance",
      { decision: "panic", on: false },
      "enough endpoints are left: ejected ones are no longer used",
    ],
  ];
  for (const [type, data, text] of cases) assertEquals(described(type, data), text);
});
