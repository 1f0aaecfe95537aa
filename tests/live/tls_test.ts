/** TLS towards a real Consul that demands client certificates (`verify_incoming`). */
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { appendFile, copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TlsConfig } from "../../src/config/config.ts";
import { createTransport } from "../../src/runtime/transport/transport.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { skipWithoutConsul, startConsul } from "../support/consul.ts";
import { registerService } from "../support/consul_services.ts";
import { type Certificates, createCertificates } from "../support/consul_tls.ts";
import { test } from "../support/test.ts";

const skip = await skipWithoutConsul();

test("createTransport() reaches a Consul with TLS by each of its settings", { skip }, async () => {
  await using files = await certificates();
  await using consul = await startConsul({ tls: files });
  const client = { certFile: files.clientCert, keyFile: files.clientKey };
  const foreign = { certFile: files.foreign.clientCert, keyFile: files.foreign.clientKey };
  const ca = { caFile: files.ca };
  const cases: [string, TlsConfig, "taken" | "refused"][] = [
    ["caFile", { ...ca, ...client, verify: true }, "taken"],
    ["caFile, a bundle", { caFile: files.bundle, ...client, verify: true }, "taken"],
    ["caPath", { caPath: files.caFolder, ...client, verify: true }, "taken"],
    ["server name", { ...ca, ...client, serverName: "server.dc1.consul", verify: true }, "taken"],
    ["unverified", { ...client, verify: false }, "taken"],
    ["wrong CA", { caFile: files.foreign.ca, ...client, verify: true }, "refused"],
    ["no CA", { ...client, verify: true }, "refused"],
    ["wrong name", { ...ca, ...client, serverName: "server.dc2.consul", verify: true }, "refused"],
    ["no client certificate", { ...ca, verify: true }, "refused"],
    ["no client certificate, unverified", { verify: false }, "refused"],
    ["a foreign client certificate", { ...ca, ...foreign, verify: true }, "refused"],
  ];
  for (const host of ["127.0.0.1", "localhost"]) {
    const url = `https://${host}:${consul.ports.https}/v1/status/leader`;
    for (const [what, tls, expected] of cases) {
      const transport = createTransport({ tls });
      const signal = AbortSignal.timeout(10_000);
      const outcome = await transport.fetch(url, { signal }).then(
        async (response) => response.ok && await response.text() !== '""' ? "taken" : "no leader",
        (error) => assertInstanceOf(error, TypeError, `${what}: ${error}`) ?? "refused",
      );
      assertEquals(outcome, expected, `${what} at ${host}`);
      assertEquals(transport.multiplexed, expected === "taken", what);
      await transport.close();
    }
  }
});

test("createTransport() says that a client certificate is required", { skip }, async () => {
  await using files = await certificates();
  await using consul = await startConsul({ tls: files });
  const { clientCert: certFile, clientKey: keyFile } = files.foreign;
  const cases = { missing: {}, foreign: { certFile, keyFile } };
  for (const [what, client] of Object.entries(cases)) {
    const transport = createTransport({ tls: { caFile: files.ca, ...client, verify: true } });
    const reason = await transport.fetch(`${consul.httpsUrl}/v1/status/leader`).then(
      () => "connected",
      (error: Error) => error.message,
    );
    // Deno sometimes loses the alert.
    assertMatch(
      reason,
      /refused the client certificate or requires one \((bad certificate|certificate required)\)|does the other side require a client certificate\?/,
      what,
    );
    await transport.close();
  }
});

test("createTransport() sends a token and a body over HTTP/2", { skip }, async () => {
  await using files = await certificates();
  await using consul = await startConsul({ tls: files, acl: true });
  const transport = createTransport({ tls: clientOf(files) });
  const url = `${consul.httpsUrl}/v1/kv/key`;
  const denied = await transport.fetch(url, { method: "PUT", body: "value" });
  assertEquals([denied.status, await denied.text()], [403, "Permission denied"]);
  const headers = { "X-Consul-Token": consul.token! };
  const value = "v".repeat(200_000);
  const put = await transport.fetch(url, { method: "PUT", body: value, headers });
  assertEquals([put.status, (await put.text()).trim()], [200, "true"]);
  const got = await transport.fetch(`${url}?raw`, { headers });
  assertEquals(await got.text(), value);
  await transport.close();
});

test("ConsulSource long-polls 50 times over one connection of HTTP/2", { skip }, async () => {
  await using files = await certificates();
  await using consul = await startConsul({ tls: files });
  const transport = createTransport({ tls: clientOf(files) });
  const source = new ConsulSource({ url: consul.httpsUrl, fetch: transport.fetch });
  // Consul may answer a blocking query without a change: ask again, as a watcher does.
  const until = async (port: number): Promise<void> => {
    let position: string | undefined;
    for (;;) {
      const reading = await source.read({ service: "app" }, { position, waitMs: 60_000 });
      if (reading.endpoints[0]?.port === port) return;
      position = reading.position;
    }
  };
  await registerService(consul, { Name: "app", Port: 80 });
  await until(80);
  const polls = Array.from({ length: 50 }, () => until(81));
  await registerService(consul, { Name: "app", Port: 81 });
  await Promise.all(polls);
  const connections = await openConnections(consul.ports.https);
  if (connections !== undefined) assertEquals(connections, 1);
  await transport.close();
});

test("createTransport() connects again after Consul was restarted", { skip }, async () => {
  await using files = await certificates();
  await using consul = await startConsul({ tls: files });
  const transport = createTransport({ tls: clientOf(files) });
  const url = `${consul.httpsUrl}/v1/status/leader`;
  const poll = `${consul.httpsUrl}/v1/health/service/app?index=1000000&wait=60s`;
  assert((await transport.fetch(url)).ok);
  const waiting = transport.fetch(poll).then(() => undefined, (error) => error);
  consul.kill("SIGKILL");
  assertInstanceOf(await waiting, TypeError);
  await consul.restart();
  assert((await transport.fetch(url)).ok);
  await transport.close();
});

type AllCertificates = Certificates & AsyncDisposable & {
  /** Of another authority. */
  foreign: Certificates;
  /** One file with both authorities. */
  bundle: string;
  /** A folder with both authorities. */
  caFolder: string;
};

async function certificates(): Promise<AllCertificates> {
  const own = await createCertificates();
  const foreign = await createCertificates();
  const bundle = join(own.folder, "bundle.pem");
  const caFolder = join(own.folder, "authorities");
  await copyFile(foreign.ca, bundle);
  await appendFile(bundle, await readFile(own.ca));
  await mkdir(caFolder);
  await copyFile(foreign.ca, join(caFolder, "a.pem"));
  await copyFile(own.ca, join(caFolder, "b.pem"));
  const remove = async (): Promise<void> => {
    await own.remove();
    await foreign.remove();
  };
  return { ...own, foreign, bundle, caFolder, remove, [Symbol.asyncDispose]: remove };
}

function clientOf(files: Certificates): TlsConfig {
  return { caFile: files.ca, certFile: files.clientCert, keyFile: files.clientKey, verify: true };
}

/** Connections from here to a port of 127.0.0.1; `undefined` where the system does not tell. */
async function openConnections(port: number): Promise<number | undefined> {
  const table = await readFile("/proc/net/tcp", "utf8").catch(() => undefined);
  // Remote address 127.0.0.1:port in hexadecimal, state 01: established.
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table?.split("\n").filter((line) => line.includes(` ${remote} 01 `)).length;
}
