/**
 * The process under fire of `sighups.ts`: reads `app` from the Consul of its argument when it is
 * told to, looks it up all the time, and says at the end what it has counted.
 *
 * @module
 */
import process from "node:process";
import { createPiloted } from "../../mod.ts";
import { LookupLoad } from "./lookup_load.ts";
import type { SighupCounts } from "./sighups.ts";

let asking = 0;
let refreshes = 0;
let most = 0;

const piloted = await createPiloted({
  config: { consul: process.argv[2]!, watches: [{ name: "app", interval: 3_600 }] },
  env: {},
  // No blocking query: every question is one of a refresh.
  keepProcessAlive: false,
  fetch: async (input, init) => {
    most = Math.max(most, ++asking);
    try {
      return await fetch(input, init);
    } finally {
      asking--;
    }
  },
});
const load = new LookupLoad(piloted, ["app"]);
const ports = () => piloted.serviceHosts("app").map(({ port }) => port).sort();
piloted.on("refresh", () => refreshes++);
piloted.on("change", () => console.log(`saw ${ports().at(-1)}`));
process.once("SIGTERM", async () => {
  await load.stop();
  const counts: SighupCounts = {
    lookups: load.done,
    failed: load.failures.length,
    refreshes,
    most,
  };
  await piloted.close();
  console.log(JSON.stringify(counts));
});
console.log("ready");
