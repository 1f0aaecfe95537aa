import { assertEquals } from "@std/assert";
import { createServer, type Server, type Socket } from "node:net";
import { networkFailure } from "../../src/fetch/network_error.ts";
import { test } from "../support/test.ts";

/** A fetch of a server that does that with every connection; what it rejects with. */
async function failureOf(handle: (socket: Socket) => void, scheme = "http"): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    handle(socket);
  });
  const url = `${scheme}://127.0.0.1:${await listen(server)}/`;
  try {
    return await fetch(url).then(() => "no failure", (error) => error);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  );
}

test("networkFailure() recognizes a refused connection of this runtime as connect_failed", async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const error = await fetch(`http://127.0.0.1:${port}/`).catch((error) => error);
  assertEquals(networkFailure(error), "connect_failed");
});

test("networkFailure() knows a connection of this runtime that breaks after the request", async () => {
  const ends = [
    (socket: Socket) => socket.once("data", () => socket.destroy()),
    (socket: Socket) => socket.once("data", () => socket.end()),
    (socket: Socket) => socket.once("data", () => socket.end("garbage\r\n\r\n")),
  ];
  for (const end of ends) assertEquals(networkFailure(await failureOf(end)), "reset");
});

test("networkFailure() knows a call of this runtime that was wrong", async () => {
  const wrong = [
    () => fetch("http://127.0.0.1/", { method: "GET", body: "x" }),
    () => fetch("http://127.0.0.1/", { headers: { "bad name": "x" } }),
    () => fetch("no url"),
  ];
  for (const call of wrong) {
    const error = await Promise.resolve().then(call).catch((error) => error);
    assertEquals(networkFailure(error), undefined);
  }
});

test("networkFailure() follows codes through causes and all attempts at several addresses", () => {
  const coded = (code: string) => Object.assign(new Error(code), { code });
  const cases: [unknown, string | undefined][] = [
    [coded("ECONNREFUSED"), "connect_failed"],
    [new TypeError("fetch failed", { cause: coded("UND_ERR_CONNECT_TIMEOUT") }), "connect_failed"],
    [new TypeError("fetch failed", { cause: coded("UND_ERR_SOCKET") }), "reset"],
    [
      new TypeError("fetch failed", {
        cause: new AggregateError([
          coded("ECONNREFUSED"),
          Object.assign(coded("ENETUNREACH"), { syscall: "connect" }),
        ]),
      }),
      "connect_failed",
    ],
    [
      new TypeError("fetch failed", {
        cause: new AggregateError([coded("ECONNREFUSED"), coded("ECONNRESET")]),
      }),
      "reset",
    ],
    [new TypeError("error sending request for url (http://x/)"), "reset"],
    [new TypeError("Invalid URL"), undefined],
    [coded("ETIMEDOUT"), "reset"],
    [Object.assign(coded("ETIMEDOUT"), { syscall: "connect" }), "connect_failed"],
    [Object.assign(coded("EHOSTUNREACH"), { syscall: "read" }), "reset"],
    [new TypeError("fetch failed", { cause: coded("UND_ERR_NOT_SUPPORTED") }), undefined],
    [new TypeError("fetch failed", { cause: coded("UND_ERR_INVALID_ARG") }), undefined],
    [new TypeError("fetch failed", { cause: new Error("of the body") }), undefined],
    [new Error("something else"), undefined],
    ["thrown", undefined],
  ];
  for (const [error, failure] of cases) assertEquals(networkFailure(error), failure);
});
