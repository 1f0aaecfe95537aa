import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsConfig } from "../../../src/config/config.ts";
import { PilotedError } from "../../../src/errors.ts";
import { createTransport } from "../../../src/runtime/transport/transport.ts";
import { readTlsMaterial } from "../../../src/runtime/transport/tls_material.ts";
import { test } from "../../support/test.ts";
import { failure } from "../fixtures/failure.ts";
import { pemPath, type ScriptedStream, startHttp2Server } from "../fixtures/http2_server.ts";

const answer = (stream: ScriptedStream): void => stream.head(204, true);

test("readTlsMaterial() reads certificate authorities from a file and a folder", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "subfolder"));
  await copyFile(pemPath("ca"), join(folder.path, "a.pem"));
  await copyFile(pemPath("other_ca"), join(folder.path, "b.crt"));
  await copyFile(pemPath("ca"), join(folder.path, "5ed36f99.0"));
  await writeFile(join(folder.path, "README"), "no certificate\n");
  const [ca, other] = [await text("ca"), await text("other_ca")];
  const both = await readTlsMaterial({ caPath: folder.path, verify: true });
  assertEquals([...both.ca!].sort(), [ca, other].sort());
  const one = await readTlsMaterial({ caFile: pemPath("ca"), verify: true });
  assertEquals(one, { ca: [ca], rejectUnauthorized: true });
});

test("readTlsMaterial() reads a client certificate, its key and a server name", async () => {
  const material = await readTlsMaterial({
    certFile: pemPath("client"),
    keyFile: pemPath("client_key"),
    serverName: "registry.test",
    verify: false,
  });
  assertEquals(material, {
    cert: await text("client"),
    key: await text("client_key"),
    servername: "registry.test",
    rejectUnauthorized: false,
  });
});

const missing = pemPath("missing");
const refused: [string, Partial<TlsConfig>, string, string][] = [
  ["a missing caFile", { caFile: missing }, "caFile", missing],
  ["a missing caPath", { caPath: missing }, "caPath", missing],
  ["a caFile that is a key", { caFile: pemPath("client_key") }, "caFile", pemPath("client_key")],
  ["a missing certFile", pair(missing, pemPath("client_key")), "certFile", missing],
  [
    "a keyFile that is a certificate",
    pair(pemPath("client"), pemPath("client")),
    "keyFile",
    pemPath("client"),
  ],
  ["a certFile without a keyFile", { certFile: pemPath("client") }, "keyFile", pemPath("client")],
  [
    "a keyFile without a certFile",
    { keyFile: pemPath("client_key") },
    "certFile",
    pemPath("client_key"),
  ],
];
for (const [what, settings, setting, path] of refused) {
  test(`readTlsMaterial() names the setting and the file of ${what}`, async () => {
    const error = await failure(readTlsMaterial({ verify: true, ...settings }));
    assertInstanceOf(error, PilotedError);
    assertEquals([error.code, error.path], ["CONFIG_INVALID", path]);
    assert(error.message.includes(setting), error.message);
    assert(!error.message.includes("-----"), error.message);
  });
}

test("readTlsMaterial() refuses a folder without a certificate", async () => {
  await using folder = await temporaryFolder();
  await assertRejects(
    () => readTlsMaterial({ caPath: folder.path, verify: true }),
    PilotedError,
    "caPath",
  );
});

const settings: [string, TlsConfig, "refused" | "taken"][] = [
  ["its authority", { caFile: pemPath("ca"), verify: true }, "taken"],
  ["another authority", { caFile: pemPath("other_ca"), verify: true }, "refused"],
  ["the runtime's authorities", { verify: true }, "refused"],
  ["another authority, unverified", { caFile: pemPath("other_ca"), verify: false }, "taken"],
  ["no authority, unverified", { verify: false }, "taken"],
  ["one of its names", named("registry.test"), "taken"],
  ["a name that it does not have", named("other.test"), "refused"],
  ["another name, unverified", { ...named("other.test"), verify: false }, "taken"],
];
for (const [what, tls, outcome] of settings) {
  for (const alpn of ["h2", "http/1.1"]) {
    test(`createTransport() over ${alpn}: a server is ${outcome} by ${what}`, async () => {
      await using server = await startHttp2Server({
        alpn: [alpn],
        onStream: answer,
        onText: (socket) => socket.write("HTTP/1.1 204 No Content\r\n\r\n"),
      });
      const transport = createTransport({ tls });
      const status = await transport.fetch(server.url).then(
        (response) => response.status,
        (error) => assertInstanceOf(error, TypeError),
      );
      assertEquals(status, outcome === "taken" ? 204 : undefined);
      await transport.close();
    });
  }
}

test("createTransport() takes the authority of a bundle that holds several", async () => {
  await using folder = await temporaryFolder();
  const bundle = join(folder.path, "bundle.pem");
  await writeFile(bundle, await text("other_ca") + await text("ca"));
  await using server = await startHttp2Server({ onStream: answer });
  const transport = createTransport({ tls: { caFile: bundle, verify: true } });
  assertEquals((await transport.fetch(server.url)).status, 204);
  await transport.close();
});

test("createTransport() takes up renewed files with the next connection", async () => {
  await using folder = await temporaryFolder();
  const caFile = join(folder.path, "ca.pem");
  await using server = await startHttp2Server({ onStream: answer });
  const transport = createTransport({ tls: { caFile, verify: true } });
  assertInstanceOf(await failure(transport.fetch(server.url)), PilotedError);
  await copyFile(pemPath("other_ca"), caFile);
  assertInstanceOf(await failure(transport.fetch(server.url)), TypeError);
  await copyFile(pemPath("ca"), caFile);
  assertEquals((await transport.fetch(server.url)).status, 204);
  await transport.close();
});

test("createTransport() refuses a server with TLS when it has no settings", async () => {
  await using server = await startHttp2Server({ onStream: answer });
  const transport = createTransport();
  assertInstanceOf(await failure(transport.fetch(server.url)), Error);
  await transport.close();
});

function named(serverName: string): TlsConfig {
  return { caFile: pemPath("ca"), serverName, verify: true };
}

function pair(certFile: string, keyFile: string): Partial<TlsConfig> {
  return { certFile, keyFile };
}

async function text(name: string): Promise<string> {
  return await readFile(pemPath(name), "utf8");
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "piloted-transport-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
