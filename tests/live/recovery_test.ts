/**
 * What a real agent's restart means for a quiet service: one that nothing changes meanwhile, so
 * that no change of its own could bring it back.
 */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { type Consul, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { registerService } from "../support/consul_services.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const skip = await skipWithoutConsul();

function ids(piloted: Piloted): string {
  return piloted.serviceHosts("quiet").map(({ id }) => id).sort().join(" ");
}

/** Kills the agent for six seconds, and returns how long its return took to be noticed. */
async function killed(consul: Consul, piloted: Piloted, wipe: boolean): Promise<number> {
  consul.kill("SIGKILL");
  await consul.ended();
  await waitUntil(() => piloted.status("quiet").state === "stale");
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  await consul.restart({ wipe });
  const back = performance.now();
  await waitUntil(() => piloted.status("quiet").state !== "stale", 90_000);
  return performance.now() - back;
}

for (const wipe of [false, true]) {
  const what = wipe ? "without its data" : "with its data";
  test(
    `a quiet service is read within two seconds of an agent's return ${what}`,
    { skip },
    async () => {
      await using consul = await startConsul({ persistent: true });
      await registerService(consul, { ID: "a", Name: "quiet", Port: 1 });
      await using piloted = await createPiloted({
        config: { consul: consul.url, watches: [{ name: "quiet" }] },
        signals: false,
        env: {},
      });
      // A second poll is under way, with an index that a new agent does not reach for long.
      for (let i = 0; i < 5; i++) await registerService(consul, { Name: `noise-${i}`, Port: 1 });
      await waitUntil(() => ids(piloted) === "a");
      assertLessOrEqual(await killed(consul, piloted, wipe), 2_000);
      assertEquals(ids(piloted), "a");
      if (wipe) {
        await registerService(consul, { ID: "b", Name: "quiet", Port: 2 });
        await waitUntil(() => ids(piloted) === "b", 2_000);
      }
      assertEquals(piloted.status("quiet").state, "live");
    },
  );
}
