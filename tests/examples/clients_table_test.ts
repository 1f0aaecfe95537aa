import { assert, assertEquals } from "@std/assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../architecture/project.ts";
import { test } from "../support/test.ts";

/** Where each row of the table in docs/clients.md is tested: a file, and what its test is named. */
const TESTS: Record<string, readonly (readonly [file: string, name: string])[]> = {
  "`fetch` anywhere, ky, openapi-fetch, Connect (web)": [
    ["tests/examples/clients_test.ts", "ky reads an order"],
    ["tests/examples/clients_test.ts", "openapi-fetch reads an order"],
    ["tests/examples/clients_test.ts", "a Connect client reads a name"],
  ],
  "tRPC": [["tests/examples/frameworks_test.ts", "a tRPC client queries"]],
  "Hono's `hc`": [["tests/examples/frameworks_test.ts", "Hono's proxy and hc"]],
  "Hono's `proxy`": [["tests/examples/frameworks_test.ts", "Hono's proxy and hc"]],
  "graphql-request": [["tests/examples/frameworks_test.ts", "graphql-request queries"]],
  "Node's own `fetch`, `undici`, third-party code on either": [
    ["tests/plugs/undici/global_fetch.node_test.ts", "global dispatcher"],
    ["tests/plugs/undici/piloted_test.ts", "piloted()"],
  ],
  "axios, on any runtime": [["tests/examples/frameworks_test.ts", "axios with env.fetch"]],
  "axios, on Node's `http`": [["tests/plugs/http-agent/clients_test.ts", "axios"]],
  "got": [["tests/plugs/http-agent/clients_test.ts", "got"]],
  "node-fetch": [["tests/plugs/http-agent/clients_test.ts", "node-fetch"]],
  "superagent": [["tests/plugs/http-agent/clients_test.ts", "superagent"]],
  "http-proxy-middleware": [["tests/plugs/http-agent/clients_test.ts", "http-proxy-middleware"]],
  "Fastify": [["tests/plugs/fastify/fastify_test.ts", "pilotedPlugin() creates a client"]],
  "`@fastify/reply-from`": [
    ["tests/plugs/fastify/fastify_test.ts", "upstream() spreads requests"],
  ],
  "NestJS, `@nestjs/terminus`": [
    ["tests/plugs/nestjs/nestjs_test.ts", "PilotedModule.forRoot() injects"],
    ["tests/plugs/nestjs/nestjs_test.ts", "PilotedHealthIndicator is up"],
  ],
  "`@grpc/grpc-js`": [["tests/plugs/grpc/register_piloted_test.ts", "registerPiloted()"]],
  "Connect for Node, also its gRPC and gRPC-web": [
    ["tests/plugs/connect/piloted_transport_test.ts", "pilotedTransport()"],
  ],
  "ioredis": [["tests/plugs/redis/piloted_connector_test.ts", "pilotedConnector()"]],
  "node-postgres (`pg`)": [["tests/plugs/pg/piloted_pool_test.ts", "PilotedPool"]],
  "node-redis": [["tests/plugs/redis/piloted_connector_test.ts", "node-redis"]],
  "`postgres` (postgres.js)": [["tests/plugs/pg/piloted_pool_test.ts", "postgres.js"]],
  "kafkajs": [["tests/examples/frameworks_test.ts", "kafkajs finds its cluster"]],
  "databases, brokers, anything that holds connections": [
    ["tests/client/follow_test.ts", "follow()"],
  ],
};

test("docs/clients.md: every client of the table has a test by its name", async () => {
  const text = await readFile(join(ROOT, "docs/clients.md"), "utf8");
  const table = text.split("| your client | your line |\n|---|---|\n")[1]!.split("\n\n")[0]!;
  const rows = table.split("\n").map((row) => row.split(" | ")[0]!.replace(/^\| /, ""));
  assertEquals(rows.toSorted(), Object.keys(TESTS).toSorted());
  for (const [row, tests] of Object.entries(TESTS)) {
    for (const [file, name] of tests) {
      const source = await readFile(join(ROOT, file), "utf8");
      const names = source.split("\n").filter((line) => /test\(|^ *["`].*["`],$/.test(line));
      assert(names.some((line) => line.includes(name)), `${row}: no test of ${file} names ${name}`);
    }
  }
});
