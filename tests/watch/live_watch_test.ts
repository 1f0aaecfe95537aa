import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { endpoint } from "../support/endpoints.ts";
import { unreachable } from "../support/scripted_source.ts";
import { test } from "../support/test.ts";
import { type Watching, watching } from "../support/watching.ts";

const a = endpoint("a");
const b = endpoint("b");
const c = endpoint("c");

/** Answers a question and lets a second pass: a blocking query is under way, the bucket is full. */
async function begin(it: Watching, endpoints = [a], index: number | string = 10): Promise<void> {
  it.source.next.answer(endpoints, index);
  await it.clock.advance(1_000);
}

function ids(it: Watching): string[] {
  return it.watch.endpoints.map(({ id }) => id);
}

test("LiveWatch asks at once, then holds a blocking query from the index it has seen", () =>
  watching(async (it) => {
    assertEquals(it.source.next.options.position, undefined);
    await begin(it);
    const { position: index, waitMs, consistency } = it.source.next.options;
    assertEquals([index, waitMs, consistency], ["10", 45_000, "stale"]);
    assertEquals(it.source.open.length, 1);
    assertEquals(it.watch.status().state, "live");
  }));

for (const [random, waitMs] of [[0, 30_000], [0.999999, 60_000]] as const) {
  test(`LiveWatch waits ${waitMs} ms when chance says ${random}`, () =>
    watching(async (it) => {
      await begin(it);
      assertEquals(Math.round(it.source.next.options.waitMs!), waitMs);
    }, { random: () => random }));
}

test("LiveWatch gives a blocking query wait + wait / 16 + requestTimeoutMs, then asks anew", () =>
  watching(async (it) => {
    await begin(it);
    const held = it.source.next;
    // begin() let one second of it pass.
    await it.clock.advance(45_000 + 45_000 / 16 + 10_000 - 1_000 - 1);
    assertEquals(held.options.signal?.aborted, false);
    await it.clock.advance(1);
    assertEquals(held.options.signal?.aborted, true);
    assertEquals(it.errors.map(({ code }) => code), ["TIMEOUT"]);
    assertEquals(it.watch.status().state, "stale");
    assertEquals(ids(it), ["a"]);
    await it.clock.advance(1_000);
    assertEquals(it.source.open.length, 1);
  }));

test("LiveWatch keeps an index beyond 2 ** 53 exactly", () =>
  watching(async (it) => {
    await begin(it, [a], "9007199254740993");
    assertEquals(it.source.next.options.position, "9007199254740993");
  }));

test("LiveWatch asks the leader without an index when the index goes back, and believes only that", () =>
  watching(async (it) => {
    await begin(it, [a, b], 100);
    it.source.next.answer([a], 40);
    await it.clock.advance(0);
    assertEquals(ids(it), ["a", "b"]);
    const { position: index, consistency } = it.source.next.options;
    assertEquals([index, consistency], [undefined, "default"]);
    it.source.next.answer([a, c], 41);
    await it.clock.advance(100);
    assertEquals(ids(it), ["a", "c"]);
    assertEquals(it.source.next.options.position, "41");
  }));

test("LiveWatch tells of no change when only the index moved, or the order", () =>
  watching(async (it) => {
    await begin(it, [a, b]);
    assertEquals(it.changes.length, 1);
    it.source.next.answer([endpoint("b"), endpoint("a")], 11);
    await it.clock.advance(0);
    assertEquals(it.changes.length, 1);
    assert(it.watch.endpoints[0] === a);
    assertEquals(it.source.next.options.position, "11");
  }));

for (
  const [what, facts] of Object.entries({
    address: { address: "10.0.0.9" },
    port: { port: 9 },
    tags: { tags: ["x"] },
    meta: { meta: { x: "y" } },
    weight: { weight: 7 },
    status: { status: "warning" as const },
  })
) {
  test(`LiveWatch tells of a change of ${what}`, () =>
    watching(async (it) => {
      await begin(it);
      it.source.next.answer([endpoint("a", facts)], 11);
      await it.clock.advance(0);
      assertEquals(it.changes[1]?.changed.map(({ after }) => after.id), ["a"]);
      assertEquals([it.changes[1]?.added.length, it.changes[1]?.removed.length], [0, 0]);
    }));
}

test("LiveWatch sees the first change and the one right behind it at once, then coalesces", () =>
  watching(async (it) => {
    await begin(it, [a], 10);
    // Quiet for a while: the bucket is full.
    await it.clock.advance(10_000);
    let index = 10;
    let asked = 0;
    for (let ms = 0; ms < 1_000; ms += 5) {
      if (it.source.open.length > 0) {
        it.source.next.answer([endpoint("a", { port: ++index })], index);
        asked++;
      }
      await it.clock.advance(5);
      if (ms === 0) assertEquals(it.watch.endpoints[0]?.port, 11);
      if (ms === 5) assertEquals(it.watch.endpoints[0]?.port, 12);
    }
    assertLessOrEqual(asked, 10);
  }));

/** Requests within a minute of a registry that answers every question at once. */
async function spin(it: Watching, answer: (it: Watching, round: number) => void): Promise<number> {
  await it.clock.advance(60_000);
  const before = it.source.asked.length;
  let round = 0;
  for (let ms = 0; ms < 60_000; ms += 10) {
    if (it.source.open.length > 0) answer(it, round++);
    await it.clock.advance(10);
  }
  return it.source.asked.length - before;
}

test("LiveWatch asks at most 20 times a minute for an index that spins", () =>
  watching(async (it) => {
    await begin(it);
    assertLessOrEqual(
      await spin(it, ({ source }, round) => source.next.answer([a], 11 + round)),
      20,
    );
  }));

test("LiveWatch asks at most 20 times a minute for a service that does not exist", () =>
  watching(async (it) => {
    await begin(it, []);
    assertLessOrEqual(
      await spin(it, ({ source }, round) => source.next.answer([], 11 + round)),
      20,
    );
  }));

test("LiveWatch asks at most 40 times a minute when two stale followers disagree", () =>
  watching(async (it) => {
    await begin(it, [a], 100);
    const asked = await spin(it, ({ source }, round) => {
      const { consistency } = source.next.options;
      if (consistency === "default") source.next.answer([a], 102);
      else source.next.answer(round % 2 === 0 ? [a] : [a, b], round % 2 === 0 ? 101 : 90);
    });
    assertLessOrEqual(asked, 40);
  }));

test("LiveWatch backs off with full jitter from 250 ms to 30 s and starts over after a success", () =>
  watching(async (it) => {
    await begin(it);
    // A registry that refuses is not sent ahead to, so only the backoff speaks.
    const refuse = () => it.source.next.fail(unreachable({ status: 400 }));
    const delays: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      it.source.next.fail(
        new PilotedError("REGISTRY_RESPONSE", "Cannot read: received 400", { status: 400 }),
      );
      await it.clock.advance(0);
      const { nextAttemptAt } = it.watch.status();
      delays.push(nextAttemptAt! - it.clock.now());
      await it.clock.advance(nextAttemptAt! - it.clock.now() + 15_000);
    }
    assertEquals(delays, [125, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    await begin(it, [a], 11);
    assertEquals(it.watch.status().failureCount, 0);
    refuse();
    await it.clock.advance(0);
    assertEquals(it.watch.status().nextAttemptAt! - it.clock.now(), 125);
  }, { random: () => 0.5, requestTimeoutMs: 60_000 }));

test("LiveWatch waits as long as Retry-After says, and is not hastened before", () =>
  watching(async (it) => {
    await begin(it);
    it.source.next.fail(unreachable({ status: 503, retryAfterMs: 20_000 }));
    await it.clock.advance(0);
    it.watch.hasten();
    await it.clock.advance(19_000);
    assertEquals(it.source.open.length, 0);
    await it.clock.advance(1_000);
    assertEquals(it.source.open.length, 1);
  }));

test("LiveWatch asks again with stale after a 500, then as configured", () =>
  watching(async (it) => {
    await begin(it);
    it.source.next.fail(unreachable({ status: 500 }));
    await it.clock.advance(2_000);
    assertEquals(it.source.next.options.consistency, "stale");
    it.source.next.answer([a], 11);
    await it.clock.advance(100);
    assertEquals(it.source.next.options.consistency, "consistent");
  }, { consistency: "consistent" }));

test("LiveWatch keeps its list and says so when it is refused, and goes on asking", () =>
  watching(async (it) => {
    await begin(it);
    it.source.next.fail(
      new PilotedError("REGISTRY_DENIED", "Cannot read: received 403", { status: 403 }),
    );
    await it.clock.advance(0);
    assertEquals(it.watch.status().state, "denied");
    assertEquals(it.watch.status().reason, "Cannot read: received 403");
    assertEquals(ids(it), ["a"]);
    await it.clock.advance(30_000);
    assertEquals(it.source.open.length, 1);
  }));

test("LiveWatch survives a source that throws what it likes", () =>
  watching(async (it) => {
    await begin(it);
    it.source.next.fail(undefined);
    await it.clock.advance(0);
    assertEquals(it.errors[0]?.code, "REGISTRY_UNREACHABLE");
    await it.clock.advance(2_000);
    assertEquals(it.source.open.length, 1);
  }));

test("LiveWatch finds a registry within two seconds of its return, however long it was away", () =>
  watching(async (it) => {
    await begin(it);
    let asked = 0;
    for (let ms = 0; ms < 300_000; ms += 100) {
      if (it.source.open.length > 0) {
        it.source.next.fail(unreachable());
        asked++;
      }
      await it.clock.advance(100);
    }
    // About once a second: soon enough to be back early, seldom enough to be no load.
    assertLessOrEqual(asked, 320);
    assertGreaterOrEqual(asked, 250);
    let waited = 0;
    while (it.source.open.length === 0) {
      await it.clock.advance(100);
      waited += 100;
    }
    assertLessOrEqual(waited, 2_000);
    it.source.next.answer([a, b], 12);
    await it.clock.advance(0);
    assertEquals(it.watch.status().state, "live");
    assertEquals(it.clock.pending, 1);
  }));

test("LiveWatch.refresh() reads beside the long poll without disturbing it", () =>
  watching(async (it) => {
    await begin(it);
    const held = it.source.next;
    const refreshed = it.watch.refresh();
    await it.clock.advance(0);
    assertEquals(it.source.open.length, 2);
    assertEquals(it.source.open[1]?.options.position, undefined);
    it.source.open[1]!.answer([a, b], 11);
    await refreshed;
    assertEquals(ids(it), ["a", "b"]);
    assertEquals(held.options.signal?.aborted, false);
    assert(it.source.next === held);
  }));

test("LiveWatch.refresh() rejects with the failure and keeps the list", () =>
  watching(async (it) => {
    await begin(it);
    const refreshed = it.watch.refresh().catch((error) => error);
    await it.clock.advance(0);
    it.source.open[1]!.fail(unreachable());
    assertEquals((await refreshed).code, "REGISTRY_UNREACHABLE");
    assertEquals(ids(it), ["a"]);
    assertEquals(it.watch.status().state, "stale");
  }));

test("LiveWatch reads plainly after any failure, and checks an older position with the leader", () =>
  watching(async (it) => {
    await begin(it, [a, b], 100);
    it.source.next.fail(unreachable());
    await it.clock.advance(2_000);
    assertEquals(it.source.next.options.position, undefined);
    // A wiped agent, or a follower that lags: its list is not used.
    it.source.next.answer([c], 3);
    await it.clock.advance(0);
    assertEquals(ids(it), ["a", "b"]);
    assertEquals(it.source.next.options.consistency, "default");
    it.source.next.answer([a, c], 4);
    await it.clock.advance(1_000);
    assertEquals(ids(it), ["a", "c"]);
    assertEquals(it.source.next.options.position, "4");
  }));

test("LiveWatch reads plainly after a failed refresh(), instead of waiting with the old position", () =>
  watching(async (it) => {
    await begin(it, [a], 100);
    const poll = it.source.next;
    const refreshed = it.watch.refresh().catch(() => {});
    await it.clock.advance(0);
    it.source.open[1]!.fail(unreachable());
    await refreshed;
    await it.clock.advance(1_000);
    assertEquals(poll.options.signal?.aborted, true);
    assertEquals(it.source.open.map(({ options }) => options.position), [undefined]);
    it.source.next.answer([b], 5);
    await it.clock.advance(0);
    it.source.next.answer([b], 5);
    await it.clock.advance(0);
    assertEquals([ids(it), it.watch.status().state], [["b"], "live"]);
  }));

test("LiveWatch.refresh() that finds an older position ends the poll that waits from the known one", () =>
  watching(async (it) => {
    await begin(it, [a], 100);
    const poll = it.source.next;
    const refreshed = it.watch.refresh();
    await it.clock.advance(0);
    it.source.open[1]!.answer([b], 3);
    await it.clock.advance(0);
    it.source.open[1]!.answer([b], 3);
    await refreshed;
    await it.clock.advance(1_000);
    assertEquals([ids(it), poll.options.signal?.aborted], [["b"], true]);
    assertEquals(it.source.next.options.position, "3");
  }));

test("LiveWatch does not believe an empty list until the leader has confirmed it twice", () =>
  watching(async (it) => {
    await begin(it, [a, b]);
    const startedAt = it.clock.now();
    it.source.next.answer([], 11);
    for (let confirmations = 0; confirmations < 2; confirmations++) {
      await it.clock.advance(0);
      assertEquals(ids(it), ["a", "b"]);
      assertEquals(it.watch.status().state, "unconfirmed");
      while (it.source.open.length === 0) await it.clock.advance(100);
      assertEquals(it.source.next.options.consistency, "consistent");
      assertEquals(it.source.next.options.position, undefined);
      it.source.next.answer([], 11);
    }
    await it.clock.advance(0);
    assertEquals(ids(it), []);
    assertEquals(it.watch.status().state, "live");
    assertGreaterOrEqual(it.clock.now() - startedAt, 5_000);
    assertLessOrEqual(it.clock.now() - startedAt, 10_000);
  }));

test("LiveWatch keeps the list when the leader contradicts an empty answer, or does not answer", () =>
  watching(async (it) => {
    await begin(it, [a, b]);
    it.source.next.answer([], 11);
    await it.clock.advance(3_000);
    it.source.next.fail(unreachable({ status: 500 }));
    await it.clock.advance(3_000);
    it.source.next.answer([a, b], 12);
    await it.clock.advance(0);
    assertEquals(it.watch.status().state, "live");
    assertEquals(it.changes.length, 1);
  }));

test("LiveWatch believes at once that every instance is critical", () =>
  watching(async (it) => {
    await begin(it, [a]);
    it.source.next.answer([endpoint("a", { status: "critical" })], 11);
    await it.clock.advance(0);
    assertEquals(ids(it), []);
    assertEquals(it.watch.status().instanceCounts.critical, 1);
  }));

test("LiveWatch has fewer blocking queries held after a 429 for too many connections", () =>
  watching(async (it) => {
    await begin(it);
    const { places } = it.session.budget.load;
    it.source.next.fail(
      new PilotedError("REGISTRY_RESPONSE", "Cannot read: received 429", {
        status: 429,
        limit: "connections",
      }),
    );
    await it.clock.advance(0);
    assertEquals(it.session.budget.load.places, Math.floor(places / 2));
  }));

test("LiveWatch sees a list that changes all the time once a second at least", () =>
  watching(async (it) => {
    await begin(it);
    let port = 1;
    const asked = await spin(it, ({ source }) => {
      source.next.answer([endpoint("a", { port: ++port })], 10 + port);
    });
    assertGreaterOrEqual(asked, 59);
    // Quiet again: changes are seen as fast as at first.
    while (it.source.open.length === 0) await it.clock.advance(100);
    await it.clock.advance(10_000);
    for (const id of ["b", "c", "d", "e"]) {
      it.source.next.answer([endpoint(id)], ++port + 10);
      await it.clock.advance(50);
      assertEquals(ids(it), [id]);
    }
  }));

const many = Array.from({ length: 10 }, (_, i) => endpoint(`m${i}`));

test("LiveWatch holds a list of ten that loses most at once, and believes smaller losses", () =>
  watching(async (it) => {
    await begin(it, many);
    await begin(it, many.slice(5), 11);
    assertEquals([it.watch.status().state, ids(it).length], ["live", 5]);
    await begin(it, many, 12);
    await begin(it, many.slice(6), 13);
    assertEquals([it.watch.status().state, ids(it).length], ["unconfirmed", 10]);
  }));

test('LiveWatch with emptyPolicy "keep" never believes an empty list', () =>
  watching(async (it) => {
    await begin(it);
    for (let index = 11; index < 20; index++) {
      while (it.source.open.length === 0) await it.clock.advance(100);
      await begin(it, [], index);
    }
    assertEquals([it.watch.status().state, ids(it)], ["unconfirmed", ["a"]]);
    while (it.source.open.length === 0) await it.clock.advance(100);
    await begin(it, [b], 20);
    assertEquals([it.watch.status().state, ids(it)], ["live", ["b"]]);
  }, { emptyPolicy: "keep" }));

test('LiveWatch with emptyPolicy "accept" believes every list', () =>
  watching(async (it) => {
    await begin(it);
    await begin(it, [], 11);
    assertEquals([it.watch.status().state, ids(it)], ["live", []]);
  }, { emptyPolicy: "accept" }));

test("LiveWatch takes no refresh for the leader's confirmation of an empty list", () =>
  watching(async (it) => {
    await begin(it);
    it.source.next.answer([], 11);
    await it.clock.advance(0);
    for (let refreshes = 0; refreshes < 3; refreshes++) {
      const refreshed = it.watch.refresh();
      await it.clock.advance(0);
      it.source.next.answer([], 11);
      await refreshed;
    }
    assertEquals([it.watch.status().state, ids(it)], ["unconfirmed", ["a"]]);
  }));

test("LiveWatch tells of each state once", () =>
  watching(async (it) => {
    await begin(it, [a], 10);
    await begin(it, [b], 11);
    for (let failures = 0; failures < 2; failures++) {
      while (it.source.open.length === 0) await it.clock.advance(100);
      it.source.next.fail(unreachable());
      await it.clock.advance(0);
    }
    while (it.source.open.length === 0) await it.clock.advance(100);
    await begin(it, [b], 12);
    assertEquals(it.states.map(({ state }) => state), ["live", "stale", "live"]);
  }));

test("LiveWatch restores a list of a former run only when the registry does not answer", async () => {
  const restored = { endpoints: [a, b], confirmedAt: 1_699_999_000_000 };
  await watching(async (it) => {
    await begin(it, [c]);
    it.source.next.fail(unreachable());
    await it.clock.advance(0);
    assertEquals(ids(it), ["c"]);
  }, { restored });
  await watching(async (it) => {
    it.source.next.fail(unreachable());
    await it.clock.advance(0);
    assertEquals(ids(it), ["a", "b"]);
    assertEquals(it.watch.status().state, "restored");
    assertEquals(it.watch.status().ageMs, 1_000_000);
    while (it.source.open.length === 0) await it.clock.advance(100);
    it.source.next.fail(unreachable());
    await it.clock.advance(0);
    assertEquals(it.watch.status().state, "restored");
    while (it.source.open.length === 0) await it.clock.advance(100);
    await begin(it, [b, c]);
    assertEquals(ids(it), ["b", "c"]);
    assertEquals(it.watch.status().state, "live");
  }, { restored });
});

test("LiveWatch reads at its interval where the registry has no index", () =>
  watching(async (it) => {
    it.source.next.answer([a], 1, { position: undefined });
    await it.clock.advance(1_000);
    assertEquals(it.source.open.length, 0);
    await it.clock.advance(10_000);
    assertEquals(it.source.next.options.position, undefined);
  }, { intervalMs: 10_000 }));

test("LiveWatch holds no blocking query when it must not keep the process alive", () =>
  watching(async (it) => {
    await begin(it, [a], 10);
    assertEquals(it.source.open.length, 0);
    await it.clock.advance(10_000);
    assertEquals(it.source.next.options.position, undefined);
  }, { keepProcessAlive: false }));

test("LiveWatch tells of an entry that it left out once, not with every answer", () =>
  watching(async (it) => {
    const skipped = [new PilotedError("ENDPOINT_INVALID", "Cannot use entry 1: no port")];
    it.source.next.answer([a], 10, { skipped });
    await it.clock.advance(0);
    it.source.next.answer([a, b], 11, { skipped });
    await it.clock.advance(0);
    assertEquals(it.errors.length, 1);
  }));

test("LiveWatch.stop() ends a question, a backoff and a wait for a token", async () => {
  await watching(async (it) => {
    await begin(it);
    await it.watch.stop();
    assertEquals(it.source.open.length, 0);
    assertEquals(it.watch.status().state, "closed");
  });
  await watching(async (it) => {
    it.source.next.fail(unreachable());
    await it.clock.advance(0);
  });
  await watching(async (it) => {
    for (let index = 10; index < 15 && it.source.open.length > 0; index++) {
      it.source.next.answer([a], index);
      await it.clock.advance(0);
    }
    assertEquals(it.source.open.length, 0);
  });
});

test("LiveWatch can be stopped although its source never settles", () =>
  watching(
    (it) => {
      assertEquals(it.source.asked.length, 0);
      return Promise.resolve();
    },
    { from: () => ({ name: "deaf", read: () => new Promise(() => {}) }) },
  ));
