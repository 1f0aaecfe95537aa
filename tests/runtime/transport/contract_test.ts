/** What every transport must do, whatever it stands on. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { PilotedError } from "../../../src/errors.ts";
import type { Transport } from "../../../src/runtime/transport/contract.ts";
import { createTransport } from "../../../src/runtime/transport/transport.ts";
import { createNodeTransport } from "../../../src/runtime/transport/node_transport.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { failure } from "../fixtures/failure.ts";
import { pemPath } from "../fixtures/http2_server.ts";
import {
  nextExchange,
  type ScriptedServer,
  type ServerKind,
  startScriptedServer,
} from "../fixtures/scripted_server.ts";

interface Kind {
  name: string;
  server: ServerKind;
  create(): Transport;
}

const tls = { caFile: pemPath("ca"), verify: true };
const kinds: Kind[] = [
  { name: "createTransport(), plain", server: "http", create: () => createTransport() },
  { name: "createNodeTransport(), plain", server: "http", create: () => createNodeTransport()! },
  {
    name: "createTransport(), HTTP/1.1 over TLS",
    server: "https",
    create: () => createTransport({ tls }),
  },
  { name: "createTransport(), HTTP/2", server: "http2", create: () => createTransport({ tls }) },
];

for (const kind of kinds) {
  const contract = (
    behaviour: string,
    run: (transport: Transport, server: ScriptedServer) => Promise<void>,
  ) =>
    test(`${kind.name}: ${behaviour}`, async () => {
      await using server = await startScriptedServer(kind.server);
      const transport = kind.create();
      try {
        await run(transport, server);
      } finally {
        await transport.close();
      }
    });

  contract("answers with status and body", async ({ fetch }, server) => {
    const response = await fetch(`${server.url}/path`);
    assertEquals([response.status, response.ok], [200, true]);
    assertEquals(await response.text(), "hello");
    server.script = (exchange) => exchange.nothing();
    const empty = await fetch(`${server.url}/path`);
    assertEquals([empty.status, await empty.text()], [204, ""]);
  });

  contract("asks again over a connection that it has", async ({ fetch }, server) => {
    for (let i = 0; i < 5; i++) await (await fetch(`${server.url}/${i}`)).text();
    assert(server.made() <= 2, `5 requests took ${server.made()} connections`);
  });

  contract("gives parts of a body as they come", async ({ fetch }, server) => {
    const asked = nextExchange(server);
    const answer = fetch(`${server.url}/path`);
    const exchange = await asked;
    exchange.begin("one");
    const response = await answer;
    const reader = response.body!.getReader();
    const text = async () => new TextDecoder().decode((await reader.read()).value);
    assertEquals(await text(), "one");
    exchange.part("two");
    assertEquals(await text(), "two");
    await reader.cancel();
  });

  contract("lets a reader stop in the middle of a body", async ({ fetch }, server) => {
    const asked = nextExchange(server);
    const answer = fetch(`${server.url}/path`);
    const exchange = await asked;
    // All of it fits the window that HTTP/2 opens with (65,535 bytes): the server never waits.
    for (let i = 0; i < 10; i++) exchange[i === 0 ? "begin" : "part"]("x".repeat(6_000));
    const reader = (await answer).body!.getReader();
    let bytes = 0;
    while (bytes < 1_000) bytes += (await reader.read()).value!.byteLength;
    await reader.cancel();
    await exchange.gone;
  });

  contract("rejects with a TypeError when there is no answer", async ({ fetch }, server) => {
    server.script = (exchange) => exchange.cut();
    assertInstanceOf(await failure(fetch(`${server.url}/path`)), TypeError);
  });

  contract("fails the body that is cut off", async ({ fetch }, server) => {
    const asked = nextExchange(server);
    const answer = fetch(`${server.url}/path`);
    const exchange = await asked;
    exchange.begin("part");
    const body = failure((await answer).text());
    exchange.cut();
    assertInstanceOf(await body, TypeError);
    server.script = (exchange) => exchange.answer("again");
    assertEquals(await (await fetch(`${server.url}/path`)).text(), "again");
  });

  contract("rejects with the reason of a signal that has aborted", async ({ fetch }, server) => {
    const signal = AbortSignal.abort("over before it began");
    assertEquals(await failure(fetch(server.url, { signal })), "over before it began");
    assertEquals(server.made(), 0);
  });

  contract("rejects with the signal's reason while it waits", async ({ fetch }, server) => {
    const abort = new AbortController();
    const asked = nextExchange(server);
    const answer = failure(fetch(server.url, { signal: abort.signal }));
    const exchange = await asked;
    abort.abort("no longer");
    assertEquals(await answer, "no longer");
    await exchange.gone;
  });

  contract("fails the body with the signal's reason", async ({ fetch }, server) => {
    const abort = new AbortController();
    const asked = nextExchange(server);
    const answer = fetch(server.url, { signal: abort.signal });
    const exchange = await asked;
    exchange.begin("part");
    const body = failure((await answer).text());
    abort.abort("no longer");
    assertEquals(await body, "no longer");
    await exchange.gone;
  });

  contract("close() ends idle connections and later requests", async (transport, server) => {
    await (await transport.fetch(server.url)).text();
    await transport.close();
    await waitUntil(() => server.open() === 0);
    const error = await failure(transport.fetch(server.url));
    assertInstanceOf(error, PilotedError);
    assertEquals(error.code, "CLOSED");
    await transport.close();
  });
}
