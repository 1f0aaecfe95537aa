/** The short version of `bench/fetch_leaks.ts`. */
import { assert, assertEquals } from "@std/assert";
import { abortCalls, callWithSignal, clientAt, settledHeld } from "../../bench/fetch/leaks.ts";
import { startScript } from "../support/process.ts";
import { test } from "../support/test.ts";

test("createFetch() leaves no sockets of 1,000 aborted calls, and no listeners of 1,000 calls with one signal", async () => {
  const server = await startScript("node", "bench/fetch/silent_process.ts", []);
  try {
    const [, port] = await server.waitFor(/listening on (\d+)/);
    const client = clientAt(Number(port));
    const before = await client.held();
    await abortCalls(client.fetch, 1_000, 100);
    const after = await settledHeld(client, before);
    assert(after.sockets <= before.sockets, `${before.sockets} -> ${after.sockets} sockets`);
    assertEquals(after.pendingCount, 0);

    const { signal } = new AbortController();
    let listeners = 0;
    let most = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      most = Math.max(most, ++listeners);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await callWithSignal(client.fetch, 1_000, signal, 20);
    assertEquals([most, listeners], [1, 0]);
    client.close();
  } finally {
    await server.stop();
  }
});
