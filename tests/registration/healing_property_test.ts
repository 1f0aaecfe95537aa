import { assertEquals } from "@std/assert";
import process from "node:process";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import { test } from "../support/test.ts";
import { type Agent, registering } from "./support.ts";

const RUNS = Number(process.env.PILOTED_RUNS ?? 100);
// One heartbeat, 10 % later, and a second.
const HEALED_MS = 12_000;

/** What can happen to an agent; each ends before the next begins. */
const TROUBLES: Readonly<Record<string, (agent: Agent) => Promise<unknown> | void>> = {
  "away": (agent) => agent.goAway(),
  "away, and back without its data": (agent) => {
    agent.goAway();
    return agent.empty();
  },
  "empty": (agent) => agent.empty(),
  "reaped": (agent) => agent.put("/v1/agent/service/deregister/app-1").catch(() => {}),
  "without a leader": (agent) => {
    agent.before = () => Promise.resolve(new Response("No cluster leader", { status: 500 }));
  },
  "limited": (agent) => {
    agent.before = () => Promise.resolve(new Response("rate limit exceeded", { status: 429 }));
  },
  "denying": (agent) => {
    agent.before = () => Promise.resolve(new Response("Permission denied", { status: 403 }));
  },
  "mute": (agent) => {
    agent.before = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  },
  "another program": (agent) => {
    agent.before = () => Promise.resolve(new Response("<html>", { status: 200 }));
  },
  "quiet": () => {},
};

test(
  `a registration is present one heartbeat and a second after agent and process are well (${RUNS} runs)`,
  {
    timeout: 120_000,
  },
  async () => {
    const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);
    console.log(`PILOTED_SEED=${seed}`);
    const random = seededRandom(seed);
    const names = Object.keys(TROUBLES);
    for (let run = 0; run < RUNS; run++) {
      const script: string[] = [];
      await registering(async ({ agent, clock, registration }) => {
        for (let count = 1 + Math.floor(random() * 5); count > 0; count--) {
          const name = names[Math.floor(random() * names.length)]!;
          // Some are over before a heartbeat has noticed, some take minutes.
          const lastingMs = Math.floor(10 ** (1 + 4.5 * random()));
          script.push(`${name} for ${lastingMs} ms`);
          await TROUBLES[name]!(agent);
          await clock.advance(lastingMs);
          agent.before = undefined;
          agent.comeBack();
          if (random() < 0.5) continue;
          await clock.advance(HEALED_MS);
          const shown = `run ${run}: ${script.join(", ")}`;
          assertEquals(await agent.ids(), ["app-1"], shown);
          assertEquals((await agent.checks())["service:app-1"]?.Status, "passing", shown);
          assertEquals(registration.status().state, "registered", shown);
        }
      });
    }
  },
);
