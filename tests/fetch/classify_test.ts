import { assertEquals, assertRejects } from "@std/assert";
import { classifyResponse } from "../../src/fetch/classify.ts";
import { test } from "../support/test.ts";
import { answer, World } from "./support.ts";

test("classifyResponse() takes 5xx for failures, 4xx for neither, and the rest for successes", () => {
  const verdicts = [200, 204, 302, 400, 404, 429, 500, 501, 503, 599].map((status) =>
    classifyResponse(new Response(null, { status }))
  );
  const [success, unknown, failure] = ["success", "unknown", "failure"] as const;
  assertEquals(verdicts, [
    ...[success, success, success],
    ...[unknown, unknown, unknown],
    ...[failure, failure, failure, failure],
  ]);
});

test("createFetch() ejects what classify takes for failures, and returns the responses all the same", async () => {
  const world = new World(
    ["a", "b"],
    ({ to }) => answer(200, to === "a" ? { "x-error": "1" } : {}),
    {
      classify: ({ headers }) => headers.has("x-error") ? "failure" : "success",
    },
  );
  for (let i = 0; i < 20; i++) assertEquals((await world.fetch("http://app/")).status, 200);
  assertEquals(world.source.pool.status().ejectedCount, 1);
  assertEquals([...world.order].filter((to) => to === "a").length, 5);
});

test("createFetch() rejects with what classify throws, and holds nothing then", async () => {
  for (const options of [{}, { hedge: true }]) {
    const world = new World(["a"], () => answer(200), {
      ...options,
      maxInFlight: 1,
      classify: () => {
        throw new Error("my classify");
      },
    });
    for (let i = 0; i < 3; i++) {
      await assertRejects(() => world.fetch("http://app/"), Error, "my classify");
    }
    assertEquals([world.source.pool.pendingCount, world.timersAfterClose], [0, 0]);
  }
});
