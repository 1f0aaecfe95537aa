/**
 * Lookups mounted in an application of your own, with Hono's middleware before them, on Node:
 * `node --import tsx examples/hono_mount.ts`.
 *
 * The configuration is the file that `$CONTAINERPILOT` names; `$PORT` says where to listen.
 */
import { serve } from "@hono/node-server";
import { createPiloted } from "@piloted/core";
import { routes } from "@piloted/core/hono";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import process from "node:process";

const piloted = await createPiloted();
const app = new Hono();
app.use("/discovery/*", bearerAuth({ token: process.env.DISCOVERY_TOKEN ?? "change-me" }));
app.route("/discovery", routes(piloted));
app.get("/", async (c) => {
  const { host } = await piloted.service("customers");
  return c.text(`The next customer service is at ${host}`);
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8080) }, (address) => {
  console.log(`Listening on http://127.0.0.1:${address.port}`);
});

process.once("SIGTERM", () => {
  server.close();
  void piloted.close();
});
