import { createPiloted, type Piloted } from "@piloted/core";
import { EmbeddedConsul } from "@piloted/core/testing";
import { assert, assertEquals } from "@std/assert";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as connectClient from "../../examples/connect_client.ts";
import * as kyClient from "../../examples/ky_client.ts";
import * as openapiClient from "../../examples/openapi_client.ts";
import { test } from "../support/test.ts";

const ORDER = { id: 7, customer: "Ada" };

function listen(status: number, answer: unknown, asked: string[]): Promise<Server> {
  const server = createServer(({ method, url }, response) => {
    asked.push(`${status} ${method} ${url}`);
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(answer));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Gives the example two instances of `customers`, the first of which refuses everything. */
async function asked<T>(example: (piloted: Piloted) => Promise<T>, answer: T): Promise<string[]> {
  const requests: string[] = [];
  const servers = [await listen(503, answer, requests), await listen(200, answer, requests)];
  try {
    const consul = new EmbeddedConsul();
    for (const server of servers) {
      const { port } = server.address() as AddressInfo;
      consul.register({ id: `c${port}`, name: "customers", address: "127.0.0.1", port });
    }
    await using piloted = await createPiloted({
      config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
      fetch: consul.fetch,
    });
    assertEquals(await example(piloted), answer);
    return requests;
  } finally {
    for (const server of servers) {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  }
}

test("examples: openapi-fetch reads an order through the balanced fetch", async () => {
  const requests = await asked((piloted) => openapiClient.readOrder(piloted, 7), ORDER);
  assertEquals(requests.at(-1), "200 GET /orders/7");
});

test("examples: ky reads an order through the balanced fetch", async () => {
  const requests = await asked((piloted) => kyClient.readOrder(piloted, 7), ORDER);
  assertEquals(requests.at(-1), "200 GET /orders/7");
});

test("examples: a Connect client reads a name through the balanced fetch", async () => {
  const requests = await asked((piloted) => connectClient.readName(piloted, 7), "Ada");
  assert(requests.at(-1)!.startsWith("200 GET /customers.v1.Customers/Name?"));
});
