import { assertEquals, assertInstanceOf } from "@std/assert";
import type { PilotedError } from "../../../src/errors.ts";
import { createNodeTransport } from "../../../src/runtime/transport/node_transport.ts";
import type { Transport } from "../../../src/runtime/transport/contract.ts";
import { createTransport } from "../../../src/runtime/transport/transport.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { failure } from "../fixtures/failure.ts";
import { pemPath, type ScriptedStream, startHttp2Server } from "../fixtures/http2_server.ts";
import {
  nextExchange,
  type ScriptedServer,
  startScriptedServer,
} from "../fixtures/scripted_server.ts";

const tls = { caFile: pemPath("ca"), verify: true };
const answer = (stream: ScriptedStream): void => {
  stream.head(200);
  stream.data("hello", true);
};

test("TlsPool shares one connection until it is full, then opens the next", async () => {
  const waiting: ScriptedStream[] = [];
  await using server = await startHttp2Server({
    maxStreams: 3,
    onStream: (stream) => void waiting.push(stream),
  });
  const transport = createTransport({ tls });
  // The second time all places are free again.
  for (const count of [8, 9]) {
    const requests = Array.from({ length: count }, (_, i) => get(transport, `${server.url}/${i}`));
    await waitUntil(() => waiting.length === count);
    assertEquals(server.connections.length, 3);
    assertEquals(transport.multiplexed, true);
    waiting.splice(0).forEach(answer);
    assertEquals(await Promise.all(requests), Array(count).fill("hello"));
  }
  await transport.close();
});

test("TlsPool does not try for ever with a server that takes no request", async () => {
  await using server = await startHttp2Server({ maxStreams: 0, onStream: answer });
  const transport = createTransport({ tls });
  assertInstanceOf(await failure(transport.fetch(server.url)), TypeError);
  assertEquals(server.connections.length, 1);
  await transport.close();
});

test("TlsPool sends no new request over a connection that is going away", async () => {
  await using server = await startHttp2Server({ onStream: answer });
  const transport = createTransport({ tls });
  assertEquals(await get(transport, server.url), "hello");
  server.connections[0]!.goaway();
  await waitUntil(() => !transport.multiplexed);
  assertEquals(await get(transport, server.url), "hello");
  assertEquals(server.connections.length, 2);
  await transport.close();
});

test("Http2Connection finishes or fails a body when the server is going away", async () => {
  await using server = await startHttp2Server({
    onStream(stream) {
      stream.head(200);
      stream.data("first");
      stream.connection.goaway();
      stream.data(" second", true);
    },
  });
  const transport = createTransport({ tls });
  // Node and Bun read to the end, as RFC 9113 (section 6.8) has it; Deno ends every request.
  const outcome = await get(transport, server.url).catch((error) => error);
  if (outcome !== "first second") assertInstanceOf(outcome, TypeError);
  await transport.close();
});

test("Http2Connection fails its requests when nothing answers its ping", async () => {
  const waiting: ScriptedStream[] = [];
  await using server = await startHttp2Server({ onStream: (stream) => void waiting.push(stream) });
  const transport = createNodeTransport({ tls, pingTimeoutMs: 50 })!;
  const patient = failure(get(transport, `${server.url}/patient`));
  const abort = new AbortController();
  const hasty = failure(transport.fetch(`${server.url}/hasty`, { signal: abort.signal }));
  await waitUntil(() => waiting.length === 2);
  const connection = server.connections[0]!;
  connection.mute = true;
  abort.abort("deadline");
  assertEquals(await hasty, "deadline");
  assertInstanceOf(await patient, TypeError);
  assertEquals(connection.pings, 1);
  const next = get(transport, server.url);
  await waitUntil(() => waiting.length === 3);
  answer(waiting[2]!);
  assertEquals(await next, "hello");
  assertEquals(server.connections.length, 2);
  await transport.close();
});

test("Http2Connection goes on when its ping is answered", async () => {
  const waiting: ScriptedStream[] = [];
  await using server = await startHttp2Server({ onStream: (stream) => void waiting.push(stream) });
  const transport = createNodeTransport({ tls, pingTimeoutMs: 50 })!;
  const abort = new AbortController();
  const hasty = failure(transport.fetch(server.url, { signal: abort.signal }));
  await waitUntil(() => waiting.length === 1);
  abort.abort("deadline");
  assertEquals(await hasty, "deadline");
  const connection = server.connections[0]!;
  await waitUntil(() => connection.pings === 1);
  // Longer than the ping may take: the connection would be gone by now.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const next = get(transport, server.url);
  await waitUntil(() => waiting.length === 2);
  answer(waiting[1]!);
  assertEquals(await next, "hello");
  assertEquals(server.connections.length, 1);
  await transport.close();
});

test("Http2Connection fails a request that the server resets", async () => {
  await using server = await startHttp2Server({ onStream: (stream) => stream.reset(2) });
  const transport = createTransport({ tls });
  assertInstanceOf(await failure(transport.fetch(server.url)), TypeError);
  await transport.close();
});

test("TlsPool sends no new request over a connection on which one failed", async () => {
  const waiting: ScriptedStream[] = [];
  await using server = await startHttp2Server({ onStream: (stream) => void waiting.push(stream) });
  const transport = createTransport({ tls });
  const patient = get(transport, `${server.url}/patient`);
  const failing = failure(transport.fetch(`${server.url}/failing`));
  await waitUntil(() => waiting.length === 2);
  waiting[1]!.reset(2);
  assertInstanceOf(await failing, TypeError);
  const next = get(transport, server.url);
  await waitUntil(() => waiting.length === 3);
  assertEquals(server.connections.length, 2);
  answer(waiting[2]!);
  assertEquals(await next, "hello");
  // What was in flight on it is still answered, and then it is closed.
  answer(waiting[0]!);
  assertEquals(await patient, "hello");
  await waitUntil(() => server.connections[0]!.socket.destroyed);
  await transport.close();
});

for (const code of [2, 8]) {
  test(`Http2Connection fails a body that the server resets with code ${code}`, async () => {
    let reset = () => {};
    await using server = await startHttp2Server({
      onStream(stream) {
        stream.head(200);
        stream.data("part");
        reset = () => stream.reset(code);
      },
    });
    const transport = createTransport({ tls });
    const response = await transport.fetch(server.url);
    const body = failure(response.text());
    reset();
    assertInstanceOf(await body, TypeError);
    await transport.close();
  });
}

test("TlsPool gives up a handshake that hangs, and does not wait for it again", async () => {
  await using server = await startScriptedServer("http");
  const transport = createTransport({ tls });
  for (const attempt of [1, 2]) {
    // The server takes the greeting of TLS for a request, and never says a word.
    const asked = nextExchange(server);
    const abort = new AbortController();
    const request = failure(fetchTls(transport, server, abort.signal));
    const { gone } = await asked;
    abort.abort(attempt);
    assertEquals(await request, attempt);
    await gone;
  }
  assertEquals(server.made(), 2);
  await transport.close();
});

test("TlsPool lets who joined a handshake wait on when another gives up", async () => {
  await using server = await startScriptedServer("http");
  const transport = createTransport({ tls });
  const asked = nextExchange(server);
  const abort = new AbortController();
  const hasty = failure(fetchTls(transport, server, abort.signal));
  const patient = failure(fetchTls(transport, server));
  const { cut } = await asked;
  abort.abort("deadline");
  assertEquals(await hasty, "deadline");
  // Nobody joins the old handshake any more.
  const askedAgain = nextExchange(server);
  const later = failure(fetchTls(transport, server));
  const second = await askedAgain;
  cut();
  assertInstanceOf(await patient, TypeError);
  second.cut();
  assertInstanceOf(await later, TypeError);
  assertEquals(server.made(), 2);
  await transport.close();
});

test("TlsPool fails what waits for a connection when it is closed", async () => {
  await using server = await startScriptedServer("http");
  const transport = createTransport({ tls });
  const asked = nextExchange(server);
  const request = failure(fetchTls(transport, server));
  const { gone } = await asked;
  await transport.close();
  assertEquals((await request as PilotedError).code, "CLOSED");
  await gone;
});

function fetchTls(
  transport: Transport,
  server: ScriptedServer,
  signal?: AbortSignal,
): Promise<Response> {
  return transport.fetch(server.url.replace("http:", "https:"), signal && { signal });
}

async function get(transport: Transport, url: string): Promise<string> {
  return await (await transport.fetch(url)).text();
}
