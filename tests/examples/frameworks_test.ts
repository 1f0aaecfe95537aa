import { createPiloted, type Piloted } from "@piloted/core";
import { EmbeddedConsul } from "@piloted/core/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { initTRPC } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { buildSchema, graphql } from "graphql";
import { Hono } from "hono";
import { createServer, type RequestListener } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { axiosFor, readOrder } from "../../examples/axios_client.ts";
import { readName } from "../../examples/graphql_client.ts";
import { clientOf, gateway } from "../../examples/hono_gateway.ts";
import { kafkaFor } from "../../examples/kafka_client.ts";
import { trpcFor } from "../../examples/trpc_client.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
  );
}

async function deadPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Lists an endpoint where nothing listens, and one that answers. */
async function withService(
  server: Server & { closeAllConnections?: () => void },
  run: (piloted: Piloted, port: number) => Promise<void>,
): Promise<void> {
  const port = await listen(server);
  const consul = new EmbeddedConsul();
  const dead = { name: "customers", id: "dead", address: "127.0.0.1", port: await deadPort() };
  consul.register(dead);
  consul.register({ ...dead, id: "alive", port });
  const piloted = await createPiloted({
    config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
    fetch: consul.fetch,
    signals: false,
    balancer: "round-robin",
  });
  try {
    await run(piloted, port);
  } finally {
    await piloted.close();
    await consul.close();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections?.();
    });
  }
}

const http = (listener: RequestListener) =>
  createServer((request, response) => {
    response.setHeader("connection", "close");
    return listener(request, response);
  });

test("examples: axios with env.fetch reads orders, whichever endpoint is asked first", () =>
  withService(
    http(({ url }, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ url }));
    }),
    async (piloted) => {
      for (let i = 0; i < 4; i++) {
        assertEquals(await readOrder(piloted, i), { url: `/orders/${i}` });
      }
    },
  ));

const trpc = initTRPC.create();
let renamed = 0;
const router = trpc.router({
  name: trpc.procedure.query(() => "Ada"),
  rename: trpc.procedure.mutation(() => ++renamed),
});

test("examples: a tRPC client queries, and its mutations are executed once", () =>
  withService(
    http(createHTTPHandler({ router, basePath: "/trpc/" })),
    async (piloted) => {
      const client = trpcFor<typeof router>(piloted, "customers");
      for (let i = 0; i < 4; i++) assertEquals(await client.name.query(), "Ada");
      // A refused connection was never used, so the mutation may go elsewhere, and it does.
      for (let i = 1; i <= 4; i++) assertEquals(await client.rename.mutate(), i);
      assertEquals(renamed, 4);
    },
  ));

test("examples: Hono's proxy and hc reach a service by its name, and the gateway nothing else", () => {
  const seen: string[] = [];
  const backend = new Hono()
    .get("/orders/:id", (context) => context.json({ id: context.req.param("id") }))
    .post("/orders", async (context) => context.json(await context.req.json(), 201));
  return withService(
    http(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      seen.push(`${request.method} ${request.url} ${body}`.trimEnd());
      const answer = await backend.request(request.url!, {
        method: request.method!,
        ...body && { body, headers: { "content-type": "application/json" } },
      });
      response.writeHead(answer.status, {
        "content-type": "application/json",
        connection: "close",
      });
      response.end(await answer.text());
    }),
    async (piloted) => {
      const client = clientOf<typeof backend>(piloted, "customers");
      for (let i = 0; i < 3; i++) {
        const answer = await client.orders[":id"].$get({ param: { id: "7" } });
        assertEquals(await answer.json(), { id: "7" });
      }
      const app = gateway(piloted);
      for (let i = 0; i < 3; i++) {
        const answer = await app.request("/customers/orders/8?full=1");
        assertEquals([answer.status, await answer.json()], [200, { id: "8" }]);
      }
      const created = await app.request("/customers/orders", {
        method: "POST",
        body: `{"id":9}`,
        headers: { "content-type": "application/json" },
      });
      assertEquals([created.status, await created.json()], [201, { id: 9 }]);
      assertEquals((await app.request("/metadata.internal/token")).status, 404);
      assert(seen.includes("GET /orders/8?full=1"));
      assertEquals(seen.filter((line) => line.startsWith("POST")), [`POST /orders {"id":9}`]);
    },
  );
});

test("examples: graphql-request queries through the balanced fetch", () => {
  const schema = buildSchema(
    "type Customer { name: String } type Query { customer(id: Int!): Customer }",
  );
  return withService(
    http(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { query, variables } = JSON.parse(body);
      const answer = await graphql({
        schema,
        source: query,
        variableValues: variables,
        rootValue: { customer: ({ id }: { id: number }) => ({ name: `Ada ${id}` }) },
      });
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    }),
    async (piloted) => {
      for (let i = 0; i < 4; i++) assertEquals(await readName(piloted, i), `Ada ${i}`);
    },
  );
});

/** As much of a Kafka broker as kafkajs needs to describe a cluster: the responses to two requests. */
function broker(port: () => number, sockets: Set<Socket>): Server {
  return createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    let received = Buffer.alloc(0);
    socket.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE()) {
        const request = received.subarray(4, 4 + received.readInt32BE());
        received = received.subarray(4 + received.readInt32BE());
        const body = request.readInt16BE() === 18 ? API_VERSIONS : metadata(port());
        const head = Buffer.alloc(8);
        head.writeInt32BE(4 + body.length);
        request.copy(head, 4, 4, 8);
        socket.write(Buffer.concat([head, body]));
      }
    });
  });
}

// Metadata (3) up to version 1, ApiVersions (18) up to version 1: error, keys, throttle time.
const API_VERSIONS = Buffer.from(
  "0000" + "00000002" + "000300000001" + "001200000001" + "00000000",
  "hex",
);

function metadata(port: number): Buffer {
  const host = Buffer.from("127.0.0.1");
  const numbers = Buffer.alloc(10);
  numbers.writeInt32BE(1);
  numbers.writeInt32BE(7, 4);
  numbers.writeInt16BE(host.length, 8);
  const rest = Buffer.alloc(14);
  rest.writeInt32BE(port);
  rest.writeInt16BE(-1, 4);
  rest.writeInt32BE(7, 6);
  return Buffer.concat([numbers, host, rest]);
}

test("examples: kafkajs finds its cluster by the brokers that Consul lists", () => {
  let at = 0;
  const sockets = new Set<Socket>();
  return withService(broker(() => at, sockets), async (piloted, port) => {
    at = port;
    const kafka = kafkaFor(piloted, "customers", {
      logLevel: 0,
      retry: { initialRetryTime: 10, maxRetryTime: 20, retries: 20 },
    });
    const admin = kafka.admin();
    await admin.connect();
    assertEquals((await admin.describeCluster()).brokers, [{ nodeId: 7, host: "127.0.0.1", port }]);
    await admin.disconnect();
    await waitUntil(() => sockets.size === 0);
  });
});

test("examples: a name that nobody watches is refused, and sent nowhere", () =>
  withService(http((_, response) => void response.end("{}")), async (piloted) => {
    await assertRejects(() => axiosFor(piloted, "metadata").get("token"), Error, "metadata");
  }));
