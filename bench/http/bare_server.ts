/**
 * The fastest that Hono can be: one route of the same shape that returns a constant.
 *
 *     deno run -A bench/http/bare_server.ts <body>
 *
 * On Bun and on Node, too.
 */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import process from "node:process";

interface Runtime {
  Deno?: { serve(options: object, handler: unknown): { addr: { port: number } } };
  Bun?: { serve(options: object): { port: number } };
}

const { Deno, Bun } = globalThis as unknown as Runtime;
const body = process.argv[2]!;
const app = new Hono().get("/v1/services/:name/endpoint", (c) => c.text(body));
const options = { hostname: "127.0.0.1", port: 0 };
const port = Deno
  ? Deno.serve({ ...options, onListen() {} }, app.fetch).addr.port
  : Bun
  ? Bun.serve({ ...options, fetch: app.fetch }).port
  : await new Promise<number>((resolve) =>
    serve({ ...options, fetch: app.fetch }, (info) => resolve(info.port))
  );
console.log(`Listening on http://127.0.0.1:${port}`);
