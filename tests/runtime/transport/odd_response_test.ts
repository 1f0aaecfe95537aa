import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { type AddressInfo, createServer } from "node:net";
import { PilotedError } from "../../../src/errors.ts";
import { createNodeTransport } from "../../../src/runtime/transport/node_transport.ts";
import { test } from "../../support/test.ts";
import { failure } from "../fixtures/failure.ts";

const responses: readonly [what: string, head: string, why: string][] = [
  ["the status 000", "HTTP/1.1 000 OK", "its status must be 200 to 599, received 0"],
  ["the status 600", "HTTP/1.1 600 OK", "its status must be 200 to 599, received 600"],
  ["the status 999", "HTTP/1.1 999 OK", "its status must be 200 to 599, received 999"],
  [
    "a control character in the reason phrase",
    "HTTP/1.1 200 O\x01K",
    'its reason phrase has a control character, received "O\\u0001K"',
  ],
];
for (const [what, head, why] of responses) {
  test(`createNodeTransport() rejects a response with ${what}`, async () => {
    await using server = await startTextServer(`${head}\r\nContent-Length: 0\r\n\r\n`);
    const transport = createNodeTransport()!;
    const error = await failure(transport.fetch(`${server.url}/path?secret=1`));
    // A runtime may refuse it by itself, as a response that is not HTTP.
    assertInstanceOf(error, Error);
    if (error instanceof PilotedError) {
      assertEquals(error.code, "REGISTRY_RESPONSE");
      assertEquals(error.url, server.url);
      assertEquals(error.message, `Cannot use the response of ${server.url}: ${why}`);
    } else {
      assertInstanceOf(error, TypeError);
      assert(error.message.includes("the response is not HTTP"), error.message);
    }
    await transport.close();
  });
}

test("createNodeTransport() rejects when the other side switches protocols", async () => {
  const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
  await using server = await startTextServer(head);
  const transport = createNodeTransport()!;
  assertInstanceOf(await failure(transport.fetch(server.url)), Error);
  await transport.close();
});

async function startTextServer(response: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(response, "latin1"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
