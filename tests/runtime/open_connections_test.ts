import { assertEquals } from "@std/assert";
import { OpenConnections } from "../../src/runtime/open_connections.ts";
import type { ShedReason } from "../../src/runtime/server.ts";
import { test } from "../support/test.ts";

function limited(maxConnections: number) {
  let now = 0;
  const cut: string[] = [];
  const shed: [ShedReason, number][] = [];
  const connections = new OpenConnections({
    maxConnections,
    requestTimeoutMs: 10_000,
    keepAliveMs: 60_000,
    onShed: (reason, count) => shed.push([reason, count]),
    onRefused() {},
  }, () => now);
  return {
    connections,
    shed,
    add: (name: string) => connections.add(() => cut.push(name)),
    /** Who was closed since the last call. */
    cut: () => cut.splice(0),
    pass(ms: number) {
      now += ms;
      connections.sweep();
    },
  };
}

test("OpenConnections closes the connection that has been idle longest when there are too many", () => {
  const { add, cut, shed, connections } = limited(3);
  const a = add("a");
  add("b");
  add("c");
  a.begin();
  a.end();
  add("d");
  assertEquals([cut(), connections.size], [["b"], 3]);
  add("e");
  add("f");
  assertEquals(cut(), ["c", "a"]);
  assertEquals(shed, [["connections", 1], ["connections", 1], ["connections", 1]]);
});

test("OpenConnections closes the oldest connection when none is idle", () => {
  const { add, cut, connections } = limited(2);
  add("a").begin();
  add("b").begin();
  add("c");
  assertEquals([cut(), connections.size], [["a"], 2]);
  add("d");
  assertEquals(cut(), ["c"]);
});

test("OpenConnections closes connections without a request in time, and never those with one", () => {
  const { add, cut, pass, connections } = limited(10);
  add("silent");
  const busy = add("busy");
  busy.begin();
  busy.begin();
  const kept = add("kept");
  kept.begin();
  kept.end();
  pass(9_999);
  assertEquals(cut(), []);
  pass(1_001);
  assertEquals(cut(), ["silent"]);
  pass(49_000);
  assertEquals(cut(), ["kept"]);
  busy.end();
  pass(600_000);
  assertEquals([cut(), connections.requestCount], [[], 1]);
  busy.end();
  pass(60_000);
  assertEquals([cut(), connections.requestCount, connections.size], [["busy"], 0, 0]);
});

test("OpenConnections makes room when the system has no more files", () => {
  const { add, cut, shed, connections } = limited(Infinity);
  for (let i = 0; i < 25; i++) {
    const connection = add(String(i));
    if (i < 10) connection.begin();
  }
  connections.shed();
  assertEquals([cut(), shed], [["10", "11", "12"], [["files", 3]]]);
  connections.cutIdle();
  assertEquals(connections.size, 10);
  connections.cutAll();
  assertEquals(connections.size, 0);
});

test("OpenConnections forgets what has closed by itself", () => {
  const { add, cut, pass, connections } = limited(2);
  const a = add("a");
  a.begin();
  a.closed();
  assertEquals(connections.size, 0);
  a.end();
  assertEquals(connections.requestCount, 0);
  add("b").closed();
  add("c");
  add("d");
  pass(100_000);
  assertEquals(cut(), ["c", "d"]);
});
