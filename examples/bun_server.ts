/**
 * Lookups beside routes of your own, on a plain Bun server: `bun examples/bun_server.ts`.
 *
 * The configuration is the file that `$CONTAINERPILOT` names; `$PORT` says where to listen.
 */
import { createPiloted } from "@piloted/core";
import { routes } from "@piloted/core/hono";
import { Hono } from "hono";
import process from "node:process";

const piloted = await createPiloted();
const app = new Hono()
  .get("/", (c) => c.text("Hello from an application that knows its services"))
  .route("/discovery", routes(piloted));

// What the main module exports by default, Bun serves.
export default { hostname: "127.0.0.1", port: Number(process.env.PORT ?? 8080), fetch: app.fetch };
