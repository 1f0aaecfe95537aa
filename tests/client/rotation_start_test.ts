import { assertEquals, assertRejects } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import { StaticSource } from "../../src/source/static.ts";
import { test } from "../support/test.ts";

const source = new StaticSource({
  app: [1, 2, 3, 4].map((port) => ({ id: `${port}`, address: "10.0.0.1", port })),
});

async function firstPicks(options: PilotedOptions): Promise<number[]> {
  await using piloted = await createPiloted({
    config: { consul: "c:1", watches: [{ name: "app" }] },
    random: () => 0.6,
    signals: false,
    source,
    ...options,
  });
  await piloted.load("app");
  return [1, 2, 3].map(() => piloted.pick("app").port);
}

test("rotationStart is the first endpoint with mode live, a random one with mode on-demand", async () => {
  assertEquals(await firstPicks({}), [1, 2, 3]);
  assertEquals(await firstPicks({ mode: "on-demand" }), [3, 4, 1]);
});

test("rotationStart can be chosen in both modes, and for weights", async () => {
  assertEquals(await firstPicks({ rotationStart: "random" }), [3, 4, 1]);
  assertEquals(await firstPicks({ rotationStart: "first", mode: "on-demand" }), [1, 2, 3]);
  const balancer = "weighted-round-robin";
  assertEquals(await firstPicks({ rotationStart: "random", balancer }), [3, 4, 1]);
  assertEquals(await firstPicks({ balancer }), [1, 2, 3]);
});

test("rotationStart spreads the first pick of many cold starts", async () => {
  const counts = new Map<number, number>();
  for (let i = 0; i < 200; i++) {
    const [first] = await firstPicks({ mode: "on-demand", random: Math.random });
    counts.set(first!, (counts.get(first!) ?? 0) + 1);
  }
  // With four endpoints and 200 starts fewer than 20 for one has a probability of about 1e-7.
  assertEquals([...counts.values()].filter((count) => count >= 20).length, 4);
});

test("rotationStart refuses other words", async () => {
  await assertRejects(
    () => createPiloted({ rotationStart: "last" as "first" }),
    TypeError,
    "rotationStart",
  );
});
