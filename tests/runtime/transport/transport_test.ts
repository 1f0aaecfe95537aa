import type { Fetch } from "../../../src/platform_fetch.ts";
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PilotedError } from "../../../src/errors.ts";
import { createTransport } from "../../../src/runtime/transport/transport.ts";
import { createNodeTransport } from "../../../src/runtime/transport/node_transport.ts";
import { currentRuntime, startScript } from "../../support/process.ts";
import { test } from "../../support/test.ts";
import { failure } from "../fixtures/failure.ts";
import { pemPath } from "../fixtures/http2_server.ts";
import { startScriptedServer } from "../fixtures/scripted_server.ts";

for (
  const [name, create] of [["createTransport", createTransport], [
    "createNodeTransport",
    createNodeTransport,
  ]] as const
) {
  test(`${name}() sends method, path, headers and body`, async () => {
    await using server = await startEchoServer();
    const transport = create()!;
    const { fetch } = transport;
    const headers = { "X-Consul-Token": "secret" };
    const url = `${server.url}/v1/kv/a%2Fb?dc=dc1`;
    const put = await fetch(url, { method: "PUT", headers, body: "ä body" });
    assertEquals(await put.json(), ["PUT", "/v1/kv/a%2Fb?dc=dc1", "secret", "ä body"]);
    const bytes = await fetch(url, { method: "POST", body: new Uint8Array([65, 66]) });
    assertEquals(await bytes.json(), ["POST", "/v1/kv/a%2Fb?dc=dc1", null, "AB"]);
    const get = await fetch(new Request(url, { headers }));
    assertEquals(await get.json(), ["GET", "/v1/kv/a%2Fb?dc=dc1", "secret", ""]);
    assertEquals((await fetch(new URL(url), { method: "HEAD" })).headers.get("X-Echo"), "yes");
    await transport.close();
  });
}

test("createTransport() does not follow a redirect with redirect: manual", async () => {
  await using server = await startEchoServer();
  const transport = createTransport();
  const response = await transport.fetch(`${server.url}/redirect`, { redirect: "manual" });
  assertEquals(response.status, 302);
  await response.body?.cancel();
  await transport.close();
});

test("createNodeTransport() refuses what is not http or https", async () => {
  const transport = createNodeTransport()!;
  assertInstanceOf(await failure(transport.fetch("data:,hello")), TypeError);
  await transport.close();
});

test("createTransport() lets a process end that closes nothing", async () => {
  const script = fileURLToPath(new URL("../fixtures/transport_child.ts", import.meta.url));
  await using plain = await startScriptedServer("http");
  await using http1 = await startScriptedServer("https");
  await using http2 = await startScriptedServer("http2");
  const urls = [plain.url, http1.url, http2.url];
  const child = await startScript(currentRuntime, script, [pemPath("ca"), ...urls]);
  assertEquals(await child.exited, { code: 0, signal: null });
  assertEquals(child.stdout(), "hello\nhello\nhello\n");
});

test("createTransport() uses the global fetch, also a later one, where there are no sockets", async () => {
  const { getBuiltinModule } = process;
  const { fetch } = globalThis;
  process.getBuiltinModule = (() => undefined) as typeof getBuiltinModule;
  try {
    const error = assertThrows(() => createTransport({ tls: { verify: true } }), PilotedError);
    assertEquals((error as PilotedError).code, "CONFIG_INVALID");
    const transport = createTransport();
    globalThis.fetch = (() => Promise.resolve(new Response("stub"))) as Fetch;
    assertEquals(await (await transport.fetch("http://registry.test")).text(), "stub");
    await transport.close();
  } finally {
    globalThis.fetch = fetch;
    process.getBuiltinModule = getBuiltinModule;
  }
});

async function startEchoServer(): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(async (request, response) => {
    if (request.url === "/redirect") {
      response.writeHead(302, { Location: "/elsewhere" }).end();
      return;
    }
    let body = "";
    request.setEncoding("utf8");
    for await (const part of request) body += part;
    const token = request.headers["x-consul-token"] ?? null;
    response.setHeader("X-Echo", "yes");
    response.end(JSON.stringify([request.method, request.url, token, body]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
