import { assertEquals } from "@std/assert";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { test } from "../support/test.ts";
import { endpoints } from "./support.ts";

function picks(pool: EndpointPool, count: number): string {
  let ids = "";
  for (let i = 0; i < count; i++) ids += pool.pick()?.id ?? "-";
  return ids;
}

test("RoundRobin begins with the first and takes every endpoint in turn", () => {
  const pool = new EndpointPool();
  pool.update(endpoints("a", "b", "c"));
  assertEquals(picks(pool, 7), "abcabca");
});

test("RoundRobin gives nothing from an empty list", () => {
  const pool = new EndpointPool();
  assertEquals(pool.pick(), undefined);
  pool.update(endpoints("a"));
  assertEquals(picks(pool, 2), "aa");
  pool.update([]);
  assertEquals(pool.pick(), undefined);
});

test("RoundRobin keeps its place when a refresh changes nothing", () => {
  const pool = new EndpointPool();
  let ids = "";
  for (let i = 0; i < 7; i++) {
    pool.update(endpoints("a", "b", "c"));
    ids += picks(pool, 1);
  }
  assertEquals(ids, "abcabca");
});

test("RoundRobin goes on after the endpoint that was picked last", () => {
  const pool = new EndpointPool();
  pool.update(endpoints("a", "b", "c"));
  picks(pool, 2);
  pool.update(endpoints("x", "a", "b", "y", "c"));
  assertEquals(picks(pool, 5), "ycxab");
  pool.update(endpoints("c", "b"));
  assertEquals(picks(pool, 3), "cbc");
});

test("RoundRobin goes on after the nearest one left when the last one has gone", () => {
  const pool = new EndpointPool();
  pool.update(endpoints("a", "b", "c", "d"));
  picks(pool, 3);
  pool.update(endpoints("a", "b", "d"));
  assertEquals(picks(pool, 3), "dab");
  pool.update(endpoints("x", "y"));
  assertEquals(picks(pool, 3), "xyx");
});

test("RoundRobin passes over what is excluded and gives nothing when all are", () => {
  const pool = new EndpointPool();
  pool.update(endpoints("a", "b", "c"));
  assertEquals(pool.pick({ exclude: (one) => one.id === "a" })?.id, "b");
  assertEquals(pool.pick({ exclude: () => true }), undefined);
});
