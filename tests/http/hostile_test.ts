import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { exchange, type RawConnection, send as sendRaw } from "./raw_client.ts";
import { readEvents } from "./read_events.ts";
import { logged, send, serving, startServe } from "./serve_process.ts";

const DEV = ["--dev", "--port", "0"];

async function assertServes(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/services/customers/endpoint`);
  assertEquals([response.status, (await response.json()).service], [200, "customers"]);
}

test("serve.ts survives malformed requests", () =>
  serving(DEV, {}, async (_serve, url) => {
    const host = `Host: ${new URL(url).host}\r\n`;
    const get = `GET /v1/services/customers/endpoint HTTP/1.1\r\n${host}`;
    const messages: (string | Uint8Array)[] = [
      "\x00\x01\x02\xff\xfe garbage \r\n\r\n",
      `${get}\r\nGARBAGE\r\n\r\n\r\n\x80\x81`,
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      `GET ${"/x".repeat(200_000)} HTTP/1.1\r\n${host}\r\n`,
      `${get}X-Long: ${"y".repeat(2_000_000)}\r\n\r\n`,
      `${get}${Array.from({ length: 20_000 }, (_, i) => `X-${i}: y\r\n`).join("")}\r\n`,
      `POST /v1/refresh HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
      `POST /v1/refresh HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzzz\r\n`,
      Uint8Array.from(
        [...`GET /v1/services/`].map((c) => c.charCodeAt(0)).concat(
          [0xff, 0xc3, 0x28],
          [...` HTTP/1.1\r\n${host}\r\n`].map((c) => c.charCodeAt(0)),
        ),
      ),
    ];
    for (const message of messages) {
      const answer = await exchange(url, message);
      assertEquals(/^HTTP\/1\.[01] 5(?!05)/.test(answer), false, answer.slice(0, 300));
      await assertServes(url);
    }
  }));

test("serve.ts responds while other clients are slow, idle or do not read", () =>
  serving(DEV, {}, async (_serve, url) => {
    const { host } = new URL(url);
    const slow: RawConnection[] = [];
    for (let i = 0; i < 50; i++) {
      slow.push(await sendRaw(url, ""));
      slow.push(await sendRaw(url, `GET /v1/services HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `));
      const silent = await sendRaw(url, `GET /v1/events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      silent.socket.pause();
      slow.push(silent);
    }
    for (let i = 0; i < 20; i++) await assertServes(url);
    for (const connection of slow) connection.end();
    // Closed streams are removed.
    await waitUntil(async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return /^piloted_event_streams 0$/m.test(metrics);
    });
  }));

test("serve.ts shuts down gracefully: streams end, long polls are answered, exit code 0", () =>
  serving([...DEV, "--grace", "20"], {}, async (serve, url) => {
    const events = readEvents(await fetch(`${url}/v1/events`));
    assertEquals((await events.next()).value?.type, "snapshot");
    const { index } = await (await fetch(`${url}/v1/services/orders`)).json();
    const poll = fetch(`${url}/v1/services/orders?index=${index}&wait=5m`);
    await assertServes(url);
    send(serve, "SIGTERM");
    let last = "";
    for await (const { type } of events) last = type;
    assertEquals(last, "closing");
    assertEquals((await (await poll).json()).service, "orders");
    assertEquals(await serve.exited, { code: 0, signal: null });
  }));

test("serve.ts exits after --grace although a request never ends", () =>
  serving([...DEV, "--grace", "0.3"], {}, async (serve, url) => {
    const { host } = new URL(url);
    const half = await sendRaw(
      url,
      `POST /v1/refresh HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n\r\n`,
    );
    await assertServes(url);
    send(serve, "SIGINT");
    assertEquals((await serve.exited).code, 0);
    half.end();
  }));

test("serve.ts warns when it listens on a network without authentication", async () => {
  // An address for documentation (RFC 5737), which no machine has, so listening fails.
  const args = ["--dev", "--port", "0", "--host", "203.0.113.7"];
  const open = await startServe(args);
  assertEquals((await open.exited).code, 1);
  assertMatch(
    open.stderr(),
    /^Warning: listening on 203\.0\.113\.7 without authentication\. Set \$PILOTED_TOKEN/m,
  );
  assertMatch(open.stderr(), /^Cannot listen on 203\.0\.113\.7:0/m);
  const closed = await startServe(args, { PILOTED_TOKEN: "secret" });
  await closed.exited;
  assertEquals(closed.stderr().includes("Warning"), false);
});

test("serve.ts reads its token from the environment or a file, and never prints it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "piloted-token-"));
  const file = join(folder, "token");
  await writeFile(file, "from-the-file\n");
  await writeFile(join(folder, "bad"), "not a token");
  try {
    const args = [...DEV, "--access-log", "--token-file", file];
    await serving(args, { PILOTED_TOKEN: "from-the-environment" }, async (serve, url) => {
      const ask = async (token: string) => {
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(`${url}/v1/services?secret=query`, { headers });
        await response.text();
        return response.status;
      };
      assertEquals([await ask("from-the-file"), await ask("from-the-environment")], [200, 401]);
      await logged(serve, /"path":"\/v1\/services","status":401/);
      const output = serve.stdout() + serve.stderr();
      assertEquals(/from-the|secret=/.test(output), false, output);
    });
    for (const path of [join(folder, "bad"), join(folder, "missing")]) {
      const refused = await startServe([...DEV, "--token-file", path]);
      assertEquals((await refused.exited).code, 2);
      assertStringIncludes(refused.stderr(), path);
      assertEquals(refused.stderr().includes("not a token"), false);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("serve.ts never shows the Consul token, in no response and no log line", async () => {
  const TOKEN = "c0ffee00-1111-2222-3333-444455556666";
  const consul = new EmbeddedConsul({ acl: { tokens: { [TOKEN]: "management" } } });
  const agent = await consul.listen();
  consul.register({ name: "app", id: "1", address: "10.0.0.1", port: 80, status: "passing" });
  const folder = await mkdtemp(join(tmpdir(), "piloted-secret-"));
  const path = join(folder, "containerpilot.json5");
  await writeFile(
    path,
    JSON.stringify({ consul: agent.url, watches: [{ name: "app", interval: 1 }] }),
  );
  try {
    const args = ["--config", path, "--port", "0", "--access-log"];
    await serving(args, { CONSUL_HTTP_TOKEN: TOKEN }, async (serve, url) => {
      const paths = ["/v1/services", "/v1/services/app", "/v1/services/app/endpoint", "/v1/status"];
      const all = [...paths, "/health/ready", "/metrics", "/", "/services/app", "/openapi.json"];
      const look = async () => {
        for (const path of all) {
          const response = await fetch(url + path);
          const seen = JSON.stringify([...response.headers]) + await response.text();
          assertEquals(seen.includes(TOKEN), false, path);
        }
      };
      assertEquals((await (await fetch(`${url}/v1/services/app`)).json()).endpoints.length, 1);
      await look();
      await consul.close();
      await waitUntil(async () => {
        const { services } = await (await fetch(`${url}/v1/status`)).json();
        return services[0].state === "stale";
      });
      await look();
      send(serve, "SIGTERM");
      await serve.exited;
      assert((serve.stdout() + serve.stderr()).includes("Warning: app is stale"));
      assertEquals((serve.stdout() + serve.stderr()).includes(TOKEN), false);
    });
  } finally {
    await consul.close();
    await rm(folder, { recursive: true });
  }
});
