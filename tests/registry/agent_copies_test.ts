import { assertEquals } from "@std/assert";
import { AgentCopies } from "../../src/registry/agent_copies.ts";
import type { Freshness, ReadOptions } from "../../src/source/source.ts";
import { test } from "../support/test.ts";

type Step = readonly [Freshness["backend"], ReadOptions, boolean];

const plain: ReadOptions = { consistency: "stale" };
const poll: ReadOptions = { consistency: "stale", position: "5", waitMs: 1_000 };
const cached: ReadOptions = { consistency: "cached" };

const ROWS: readonly [string, readonly Step[]][] = [
  ["an agent that names no backend", [[undefined, plain, false], [undefined, poll, false]]],
  ["a plain read of an agent that may stream", [["blocking-query", plain, true]]],
  [
    "an agent that streams",
    [["blocking-query", plain, true], ["streaming", cached, true], ["blocking-query", plain, true]],
  ],
  [
    "an agent that does not stream",
    [
      ["blocking-query", plain, true],
      ["blocking-query", cached, false],
      ["blocking-query", plain, false],
    ],
  ],
  ["a stream that was turned off", [["streaming", poll, true], ["blocking-query", poll, false]]],
];

for (const [what, steps] of ROWS) {
  test(`AgentCopies with ${what}`, () => {
    const it = new AgentCopies();
    for (const [backend, options, usable] of steps) {
      it.note(backend === undefined ? {} : { backend }, options);
      assertEquals(it.areUsable, usable);
    }
  });
}

test("AgentCopies are not used where a server or the leader must respond", () => {
  for (const consistency of ["default", "consistent"] as const) {
    const it = new AgentCopies(consistency);
    it.note({ backend: "streaming" }, poll);
    assertEquals(it.areUsable, false);
  }
});
