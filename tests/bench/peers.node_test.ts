/** The shortest family of `bench/peers/run.ts`, as the command runs it. */
import { assert, assertEquals } from "@std/assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { spreadOf } from "../../bench/peers/comparison.ts";
import type { Results } from "../../bench/peers/results.ts";
import { startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

test("bench:peers measures the peers that are installed, and writes what it found", () =>
  withTemporaryFolder(async (folder) => {
    const args = ["--short", "--only", "pick", "--no-install", "--out", folder];
    const run = await startScript("node", "bench/peers/run.ts", args);
    assertEquals(await run.exited, { code: 0, signal: null }, run.stderr());
    const results: Results = JSON.parse(await readFile(join(folder, "results.json"), "utf8"));
    assertEquals(Object.keys(results), ["pick"]);
    const { comparisons } = results.pick!;
    assertEquals(comparisons.length, 2);
    for (const { title, samples } of comparisons) {
      const names = samples.map(({ peer }) => peer);
      // npm consul is installed by the command alone; these are development packages, too.
      for (const name of ["pick()", "npm piloted", "undici BalancedPool", "grpc-js round_robin"]) {
        assert(names.includes(name), `${title} lacks ${name}`);
        assert(run.stdout().includes(name), `${name} is not printed`);
      }
      for (const { peer, values } of samples) {
        assertEquals(values.length, 3, peer);
        const { median } = spreadOf(values);
        assert(median > 0.1 && median < 1e6, `${peer} takes ${median} ns`);
      }
    }
    assert((await readFile(join(folder, "peers.svg"), "utf8")).startsWith("<svg"));
  }));

test("bench:peers rejects a family that it does not have", async () => {
  const run = await startScript("node", "bench/peers/run.ts", ["--only", "picks"]);
  assertEquals((await run.exited).code, 1);
  assert(run.stderr().includes("--only must be one of pick, visible"), run.stderr());
});
