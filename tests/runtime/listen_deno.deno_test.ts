import { assertEquals } from "@std/assert";
import { connect } from "node:net";
import { type DenoRuntime, startDeno } from "../../src/runtime/listen_deno.ts";
import { test } from "../support/test.ts";

test("startDeno() survives that a connection it cuts has just ended by itself", async () => {
  const uncaught: string[] = [];
  const onError = (event: Event) => {
    event.preventDefault();
    uncaught.push(String((event as ErrorEvent).error));
  };
  globalThis.addEventListener("error", onError);
  try {
    let cutCount = 0;
    let served = () => {};
    const isServed = new Promise<void>((resolve) => served = resolve);
    const deno = (globalThis as unknown as { Deno: DenoRuntime }).Deno;
    const server = startDeno(
      deno,
      (connection, signal) => {
        let end = () => {};
        const finished = new Promise<void>((resolve) => end = resolve);
        signal.addEventListener("abort", () => {
          cutCount++;
          (connection as { close(): void }).close();
          end();
          throw new Error("Bad resource ID");
        }, { once: true });
        served();
        return { finished, shutdown: () => Promise.resolve() };
      },
      () => new Response(),
      { hostname: "127.0.0.1", port: 0 },
      {
        maxConnections: 10,
        requestTimeoutMs: 1_000,
        keepAliveMs: 1_000,
        onShed() {},
        onRefused() {},
      },
    );
    const client = connect(server.port, "127.0.0.1");
    const closed = new Promise((resolve) => client.once("close", resolve));
    await isServed;
    server.cut();
    await server.drain();
    await closed;
    assertEquals([cutCount, uncaught], [1, []]);
  } finally {
    globalThis.removeEventListener("error", onError);
  }
});
