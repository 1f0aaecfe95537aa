/**
 * A program for Bun, compiled with Bun's own types (`tsc -p tsconfig.bun.json`) and never run: its
 * `fetch` has properties that others lack, so that `typeof fetch` would not accept ours, nor ours be
 * accepted.
 */
import { createFetch, createPiloted, type Endpoint } from "../../mod.ts";

const piloted = await createPiloted({
  config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
  fetch: Bun.fetch,
});
const balanced = createFetch(piloted, { fetch, unknownHosts: "reject" });
const server = Bun.serve({ fetch: (request) => balanced(request) });

export const response: Promise<Response> = balanced("http://customers/", { method: "PUT" });
export const viaClient: Promise<Response> = piloted.fetch(new URL("http://customers/"));
export const endpoint: Endpoint = piloted.pick("customers");
export const port: number | undefined = server.port;
