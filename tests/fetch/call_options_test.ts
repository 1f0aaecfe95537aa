import { assert, assertEquals, assertRejects } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import type { PilotedRequestInit } from "../../src/fetch/call_options.ts";
import { test } from "../support/test.ts";
import { answer, backends, refused, silence, World } from "./support.ts";

test("createFetch() takes the options of a call, and passes the rest of its init on", async () => {
  const world = new World(["a", "b"], () => answer(200));
  const call = (init: PilotedRequestInit) => world.fetch("http://app/", init);
  await call({ method: "PUT", piloted: { timeoutMs: 100, key: "7", tags: [] } });
  assertEquals(world.sent[0]!.init!.method, "PUT");
  assert(!("piloted" in world.sent[0]!.init!));
  await call({ piloted: undefined });
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{ timeout: 5 }, TypeError, "Did you mean timeoutMs?"],
    [{ timeoutMs: "5" }, TypeError, "option timeoutMs of piloted in fetch()"],
    [{ timeoutMs: -1 }, RangeError, "at least 0"],
    [{ retry: "sometimes" }, TypeError, "idempotent, always, never"],
    [{ tags: "primary" }, TypeError, "option tags"],
    [{ tags: [1] }, TypeError, "a list of texts"],
    [null, TypeError, "options of piloted in fetch()"],
  ];
  for (const [piloted, type, words] of wrong) {
    const waiting = call({ piloted: piloted as NonNullable<PilotedRequestInit["piloted"]> });
    await assertRejects(() => waiting, type, words);
  }
  assertEquals(world.sent.length, 2);
});

test("createFetch() lets the options of a call win over its own", async () => {
  const world = new World(["a", "b", "c"], refused, { timeoutMs: 1_000 });
  const call = async (init: PilotedRequestInit) => {
    const before = world.sent.length;
    await world.outcome(world.fetch("http://app/", init));
    return world.sent.length - before;
  };
  assertEquals(await call({}), 3);
  assertEquals(await call({ piloted: { retry: "never" } }), 1);
  const slow = new World(["a"], silence, { timeoutMs: 10_000 });
  const startedAt = slow.clock.now();
  const waiting = slow.fetch("http://app/", { piloted: { timeoutMs: 100 } } as RequestInit);
  const error = await slow.outcome(waiting, 10);
  assert(error instanceof PilotedError && error.code === "TIMEOUT");
  assertEquals(slow.clock.now() - startedAt, 100);
});

test("createFetch() gives the key of a call to the balancer, and keeps all of its tags", async () => {
  const keyed = new World(["a", "b", "c", "d"], () => answer(200), {}, { balancer: "hash" });
  for (let i = 0; i < 6; i++) {
    await keyed.fetch("http://app/", { piloted: { key: "user-7" } } as RequestInit);
  }
  assertEquals(new Set(keyed.order).size, 1);
  const tagged = new World([], () => answer(200));
  const [a, b, c] = backends("a", "b", "c");
  tagged.source.update([{ ...a!, tags: ["x"] }, { ...b!, tags: ["X", "y"] }, c!]);
  for (let i = 0; i < 4; i++) {
    await tagged.fetch("http://app/", { piloted: { tags: ["x", "Y"] } } as RequestInit);
  }
  assertEquals(tagged.order, "bbbb");
});

test("createFetch() aborts the other calls of a signal when one of them has ended before", async () => {
  const world = new World(["a", "b"], ({ url }) => url.endsWith("/slow") ? silence() : answer(204));
  const caller = new AbortController();
  const { signal } = caller;
  const slow = world.fetch("http://app/slow", { signal }).catch((error) => error);
  await world.fetch("http://app/fast", { signal });
  const slower = world.fetch("http://app/slow", { signal }).catch((error) => error);
  caller.abort("enough");
  assertEquals(await Promise.all([slow, slower]), ["enough", "enough"]);
  assertEquals(world.source.pool.pendingCount, 0);
});
