import { assertEquals } from "@std/assert";
import { routes } from "../../src/http/mod.ts";
import { listen, type ListenOptions } from "../../src/runtime/listen.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { currentRuntime } from "../support/process.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { endpoint, FakeClient } from "./fake_client.ts";
import { type RawConnection, send } from "./raw_client.ts";

const HEAD = "GET /v1/services/app/endpoint HTTP/1.1\r\nHost: a\r\n";

async function withServer(
  options: ListenOptions & { clock?: ManualClock },
  run: (url: string, client: FakeClient) => Promise<void>,
): Promise<void> {
  const { clock, ...rest } = options;
  const client = new FakeClient().set("app", [endpoint("app", 1)]);
  const app = routes(client, { clock });
  const listener = await listen(app.fetch, { graceMs: 20, ...rest });
  try {
    await run(listener.url, client);
  } finally {
    await listener.close();
  }
}

async function lookUp(url: string): Promise<number> {
  const headers = { connection: "close" };
  const response = await fetch(`${url}/v1/services/app/endpoint`, { headers });
  await response.text();
  return response.status;
}

async function endAll(connections: readonly RawConnection[]): Promise<void> {
  for (const connection of connections) connection.end();
  await waitUntil(() => connections.every((connection) => connection.closed()));
}

test("listen() closes connections without a whole request, of any kind, and keeps others", async () => {
  // Bun closes them after keepAliveMs.
  await withServer({ requestTimeoutMs: 500, keepAliveMs: 1_000 }, async (url) => {
    const slow = [await send(url, ""), await send(url, HEAD), await send(url, "GET /")];
    const used = await send(url, `${HEAD}\r\n`);
    const stream = await send(url, "GET /v1/services/app/events HTTP/1.1\r\nHost: a\r\n\r\n");
    await waitUntil(() => slow.every((connection) => connection.closed()), 20_000);
    await waitUntil(used.closed, 20_000);
    assertEquals(used.received().includes(" 200 "), true);
    assertEquals([stream.closed(), await lookUp(url)], [false, 200]);
    await endAll([stream]);
  });
});

const skip = currentRuntime === "bun" &&
  "Bun counts files, and here those of the clients as well; see abuse_test.ts";

test(
  "listen() answers everybody beyond maxConnections, and closes others for it",
  { skip },
  async () => {
    const shed: number[] = [];
    const limits = { maxConnections: 20, onShed: (_: string, count: number) => shed.push(count) };
    await withServer(limits, async (url) => {
      for (const text of ["", HEAD, `${HEAD}\r\n`, "GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n"]) {
        const held: RawConnection[] = [];
        for (let i = 0; i < 40; i++) held.push(await send(url, text));
        await waitUntil(() => held.filter((connection) => connection.closed()).length >= 20);
        for (let i = 0; i < 5; i++) {
          await waitUntil(async () => await lookUp(url).catch(() => 0) === 200);
        }
        await endAll(held);
      }
      assertEquals(shed.length > 0, true);
    });
  },
);

test("long polls and streams of callers who left leave nothing behind", async () => {
  const clock = new ManualClock();
  await withServer({ clock }, async (url, client) => {
    const { index } = await (await fetch(`${url}/v1/services/app`)).json();
    const poll = `GET /v1/services/app?index=${index}&wait=10m HTTP/1.1\r\nHost: a\r\n\r\n`;
    const before = clock.pending;
    const polls: RawConnection[] = [];
    for (let i = 0; i < 200; i++) polls.push(await send(url, poll));
    await waitUntil(() => clock.pending === before + 200);
    const streams: RawConnection[] = [];
    for (let i = 0; i < 50; i++) {
      streams.push(await send(url, "GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    await waitUntil(() => streams.every((stream) => stream.received().includes("snapshot")));
    await endAll([...polls, ...streams]);
    await waitUntil(() => clock.pending === before);
    await waitUntil(async () =>
      /^piloted_event_streams 0$/m.test(await (await fetch(`${url}/metrics`)).text())
    );
    assertEquals(client.services, ["app"]);
  });
});

test("what a client does not read is not produced", async () => {
  const many = Array.from({ length: 5_000 }, (_, number) => endpoint("app", number));
  await withServer({}, async (url, client) => {
    client.set("app", many);
    const size = (await (await fetch(`${url}/v1/services/app`)).arrayBuffer()).byteLength;
    let serialized = 0;
    const { serviceHosts } = client;
    client.serviceHosts = (name) => {
      serialized++;
      return serviceHosts.call(client, name);
    };
    const greedy = await send(url, "");
    greedy.socket.pause();
    const request = "GET /v1/services/app HTTP/1.1\r\nHost: a\r\n\r\n";
    greedy.socket.write(request.repeat(100));
    // Served beside it.
    for (let i = 0; i < 10; i++) assertEquals(await lookUp(url), 200);
    await waitUntil(() => serialized > 0);
    // Each of them is over a megabyte; what the buffers of the system hold is sent.
    assertEquals(size > 1_000_000, true);
    assertEquals(serialized < 40, true, `${serialized} on ${currentRuntime}`);
    await endAll([greedy]);
  });
});
