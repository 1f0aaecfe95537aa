/** Names with several addresses, over real sockets: 127.0.0.1 and 127.0.0.2 stand for two servers. */
import { assertEquals, assertMatch } from "@std/assert";
import { createServer, type Server } from "node:http";
import dns from "node:dns/promises";
import type { AddressInfo } from "node:net";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { entry } from "../source/support.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

async function startServer(host: string, port: number): Promise<Server> {
  let index = 1;
  const server = createServer((request, response) => {
    // Blocking queries are held until the connection ends.
    if (request.url?.includes("index=")) return;
    const Port = Number(host.at(-1));
    response.writeHead(200, { "X-Consul-Index": `${index++}` });
    response.end(JSON.stringify([entry({ service: { Port } })]));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return server;
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

// The operating system's resolver knows no name with several addresses on every machine.
async function withName(addresses: string[], run: () => Promise<void>): Promise<void> {
  const own = dns.lookup;
  const fake = (name: string, options: { all?: boolean } = {}) =>
    name === "consul.test" && options.all
      ? Promise.resolve(addresses.map((address) => ({ address, family: 4 })))
      : own(name, options);
  Object.assign(dns, { lookup: fake });
  try {
    await run();
  } finally {
    Object.assign(dns, { lookup: own });
  }
}

test("createPiloted() pins one address of a name, goes over to the next, and resolves the name again", async () => {
  const servers: Server[] = [await startServer("127.0.0.1", 0)];
  const { port } = servers[0]!.address() as AddressInfo;
  servers.push(await startServer("127.0.0.2", port), await startServer("127.0.0.3", port));
  const addresses = ["127.0.0.1", "127.0.0.2"];
  await withName(addresses, async () => {
    await using piloted = await createPiloted({
      config: { consul: `consul.test:${port}`, watches: [{ name: "app" }] },
      signals: false,
      env: {},
      random: () => 0,
    });
    const troubles: string[] = [];
    const errors: string[] = [];
    piloted.on("status", ({ state }) => state !== "live" && troubles.push(state));
    piloted.on("error", ({ message }) => errors.push(message));
    assertEquals(piloted.status().registry, `http://consul.test:${port} (127.0.0.1)`);
    for (const [index, next] of ["2", "3"].entries()) {
      // The list is read from the next server, though nothing but the connection has ended.
      if (next === "3") addresses.splice(0, 2, "127.0.0.3", "127.0.0.4");
      await stop(servers[index]!);
      await waitUntil(() => Promise.resolve(String(piloted.pick("app").port) === next));
    }
    assertEquals(troubles, []);
    assertMatch(
      errors[0]!,
      /the connection was (refused|closed|reset).*127\.0\.0\.2\) is used from/,
    );
    await piloted.close();
  });
  await stop(servers[2]!);
});

test("createPiloted() names every address that failed when none responds", async () => {
  const free = await startServer("127.0.0.1", 0);
  const { port } = free.address() as AddressInfo;
  await stop(free);
  const error = await createPiloted({
    config: {
      consul: `127.0.0.1:${port},127.0.0.2:${port}`,
      watches: [{ name: "app" }],
    },
    signals: false,
    env: {},
    random: () => 0,
  }).then(() => "started", ({ message }: Error) => message);
  assertEquals(
    error,
    `Cannot read service "app" from Consul at http://127.0.0.2:${port}: the connection was refused; ` +
      `before that http://127.0.0.1:${port}: the connection was refused`,
  );
});
