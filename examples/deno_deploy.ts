/**
 * The lookup service where a request may start the process and nothing runs between two requests,
 * as on Deno Deploy: `deno serve -A examples/deno_deploy.ts`.
 *
 * `CONSUL_HTTP_ADDR` says where Consul is, `SERVICES` (names with commas between) what is watched.
 */
import { createPiloted } from "@piloted/core";
import { routes } from "@piloted/core/hono";
import process from "node:process";

const names = (process.env.SERVICES ?? "customers").split(",");
const piloted = await createPiloted({
  mode: "on-demand",
  config: { watches: names.map((name) => ({ name, interval: 5 })) },
});

export default { fetch: routes(piloted).fetch };
