import { assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../src/fetch/retry_after.ts";
import { test } from "../support/test.ts";

test("parseRetryAfter() reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assertEquals(parseRetryAfter("2", now), 2_000);
  assertEquals(parseRetryAfter(" 0 ", now), 0);
  assertEquals(parseRetryAfter("Thu, 01 Jan 2026 00:00:03 GMT", now), 3_000);
  assertEquals(parseRetryAfter("Thu, 01 Jan 2025 00:00:00 GMT", now), 0);
  for (const value of [null, "", "soon", "-"]) assertEquals(parseRetryAfter(value, now), undefined);
});
