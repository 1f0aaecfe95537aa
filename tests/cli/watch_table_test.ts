import { assert, assertEquals } from "@std/assert";
import { watchTable } from "../../src/cli/watch_table.ts";
import { endpoint } from "../support/endpoints.ts";
import type { ServiceStatus } from "../../src/watch/status.ts";
import { test } from "../support/test.ts";

const SIZE = { columns: 80, rows: 24, colors: false };

function service(name: string, count: number, facts: Partial<ServiceStatus> = {}) {
  const status = { service: name, state: "live", reason: undefined, ageMs: 0, ...facts };
  return {
    status: status as ServiceStatus,
    endpoints: Array.from(
      { length: count },
      (_, index) => endpoint(String(index), { service: name }),
    ),
  };
}

test("watchTable() has a line per endpoint, and one for what is missing or not live", () => {
  const lines = watchTable([
    service("customers", 2),
    service("db", 0),
    service("orders", 1, { state: "stale", ageMs: 3_400, reason: "refused" }),
  ], SIZE);
  assertEquals(lines.length, 6);
  assert(lines[0]!.startsWith("SERVICE    ENDPOINT"));
  assert(lines[1]!.startsWith("customers  "));
  assertEquals(lines[3], "db         no endpoint");
  assertEquals(lines[5], "orders     stale for 3 s: refused");
  assert(lines.every((line) => !line.includes("\x1b")));
});

test("watchTable() fits the terminal, whatever its size and whatever a registry says", () => {
  const many = watchTable([service("customers", 50)], { columns: 20, rows: 10, colors: false });
  assertEquals(many.length, 9);
  assertEquals(many.at(-1), "... 43 more");
  assert(many.every((line) => line.length <= 20));
  const evil = watchTable([service("a\x1b[2J\nb", 0)], SIZE);
  assertEquals(evil[1]!.includes("\x1b") || evil[1]!.includes("\n"), false);
});

test("watchTable() colors the state", () => {
  const [, line] = watchTable([service("customers", 1)], { ...SIZE, colors: true });
  assert(line!.startsWith("\x1b[32m") && line!.endsWith("\x1b[0m"));
});
