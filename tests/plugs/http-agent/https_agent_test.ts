import { assert, assertEquals, assertRejects } from "@std/assert";
import axios from "axios";
import { readFile } from "node:fs/promises";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { TLSSocket } from "node:tls";
import { type PilotedAgentOptions, PilotedHttpsAgent } from "../../../src/plugs/http-agent/mod.ts";
import { pemPath } from "../../runtime/fixtures/http2_server.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends, SERVICE } from "../support/backends.ts";

const [ca, cert, key, otherCa, clientCert, clientKey] = await Promise.all(
  ["ca", "server", "server_key", "other_ca", "client", "client_key"].map((name) =>
    readFile(pemPath(name), "utf8")
  ),
) as [string, string, string, string, string, string];

interface Seen {
  readonly servername: string | false | undefined;
  readonly host: string | undefined;
  readonly client: string | undefined;
}

/** An endpoint with TLS, which answers with its id and the name that the client asked for. */
async function startTls(it: Backends, id: string, seen: Seen[]): Promise<() => Promise<void>> {
  const options = { cert, key, ca, requestCert: true, rejectUnauthorized: false };
  const server = https.createServer(options, (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: string | false };
    seen.push({
      servername: socket.servername,
      host: request.headers.host,
      client: socket.getPeerCertificate?.()?.subject?.CN as string | undefined,
    });
    response.end(id);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await it.list(id, (server.address() as AddressInfo).port);
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections?.();
    });
}

function withTls(
  run: (
    agent: (agent?: https.AgentOptions, options?: PilotedAgentOptions) => PilotedHttpsAgent,
    seen: Seen[],
    it: Backends,
  ) => Promise<void>,
): Promise<void> {
  return Backends.run(async (it) => {
    const seen: Seen[] = [];
    const stops = [await startTls(it, "a", seen), await startTls(it, "b", seen)];
    const agents: PilotedHttpsAgent[] = [];
    try {
      await run(
        (agentOptions = {}, options = {}) => {
          const agent = new PilotedHttpsAgent(it.piloted, options, { ca, ...agentOptions });
          agents.push(agent);
          return agent;
        },
        seen,
        it,
      );
      await waitUntil(() => it.pendingCount === 0);
    } finally {
      for (const agent of agents) agent.destroy();
      for (const stop of stops) await stop();
    }
  }, { balancer: "round-robin" });
}

function get(agent: https.Agent, url = `https://${SERVICE}/`): Promise<string> {
  return new Promise((resolve, reject) => {
    https.get(url, { agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
      response.on("end", () => resolve(text)).on("error", reject);
    }).on("error", reject);
  });
}

test("PilotedHttpsAgent checks certificates against the service's name, and another by servername", () =>
  withTls(async (agent, seen, it) => {
    // The certificate is for localhost, and the service is named otherwise.
    await assertRejects(() => get(agent()), Error);
    assertEquals(seen, []);
    const named = agent({ servername: "localhost" });
    const answers = new Set<string>();
    for (let i = 0; i < 6; i++) answers.add(await get(named));
    assertEquals([...answers].sort(), ["a", "b"]);
    assertEquals([...new Set(seen.map(({ servername }) => servername))], ["localhost"]);
    assertEquals([...new Set(seen.map(({ host }) => host))], [SERVICE.toLowerCase()]);
    assertEquals(it.pendingCount, 0);
  }));

test("PilotedHttpsAgent refuses a certificate of another authority, and connects elsewhere first", () =>
  withTls(async (agent, seen, it) => {
    await assertRejects(() => get(agent({ servername: "localhost", ca: otherCa })), Error);
    assertEquals(seen, []);
    await it.list("dead", await it.deadPort());
    const trusting = agent({ servername: "localhost" });
    for (let i = 0; i < 9; i++) assert(["a", "b"].includes(await get(trusting)));
  }));

test("PilotedHttpsAgent keeps connections, sends the endpoint as Host, and a client certificate", () =>
  withTls(async (agent, seen) => {
    const own = agent(
      { servername: "localhost", cert: clientCert, key: clientKey },
      { hostHeader: "endpoint" },
    );
    for (let i = 0; i < 10; i++) await get(own);
    assertEquals(Object.values(own.freeSockets).flat().length, 2);
    assert(seen.every(({ host }) => /^127\.0\.0\.1:\d+$/.test(host!)));
    // Bun's server shows no certificate of its client.
    const shows = process.versions.bun === undefined;
    assert(seen.every(({ client }) => !shows || client !== undefined), JSON.stringify(seen[0]));
  }));

test("PilotedHttpsAgent serves axios over TLS", () =>
  withTls(async (agent) => {
    const client = axios.create({ httpsAgent: agent({ servername: "localhost" }), proxy: false });
    const answers = new Set<string>();
    for (let i = 0; i < 6; i++) answers.add((await client.get(`https://${SERVICE}/`)).data);
    assertEquals([...answers].sort(), ["a", "b"]);
    assertEquals((await client.post(`https://${SERVICE}/`, "x")).status, 200);
  }));
