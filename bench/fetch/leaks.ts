/**
 * What calls leave behind: sockets and memory after aborted calls, and after many calls with one signal.
 *
 * @module
 */
import { readdir, readlink } from "node:fs/promises";
import process from "node:process";
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { createFetch } from "../../src/client/create_fetch.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import { makeEndpoints } from "../balance/world.ts";

/** What is held before or after. */
export interface Held {
  /** Open sockets of this process; -1 where the system does not say. */
  readonly sockets: number;
  /** Bytes of the heap in use, after a collection where the runtime allows one. */
  readonly heapBytes: number;
  /** Resident bytes of this process. */
  readonly rssBytes: number;
  /** Requests in flight as the balancer counts them. */
  readonly pendingCount: number;
}

/** A balanced fetch over one server, and what it holds. */
export interface Client {
  readonly fetch: Fetch;
  held(): Promise<Held>;
  close(): void;
}

/** A client of the service `app`, whose only endpoint is at a port of this machine. */
export function clientAt(port: number): Client {
  const closing = new AbortController();
  const pool = new EndpointPool({ outliers: false });
  const [template] = makeEndpoints(1);
  pool.update([{ ...template!, address: "127.0.0.1", port, host: `127.0.0.1:${port}` }]);
  return {
    fetch: createFetch({
      closeSignal: closing.signal,
      has: (name) => name === "app",
      acquire: (_, options) => pool.acquire(options)!,
      waitForEndpoints: () => Promise.resolve(true),
    }),
    async held() {
      await collect();
      const { heapUsed, rss } = process.memoryUsage();
      const sockets = await socketCount();
      return { sockets, heapBytes: heapUsed, rssBytes: rss, pendingCount: pool.pendingCount };
    },
    close: () => closing.abort(new Error("closed")),
  };
}

/**
 * Aborts calls of a server that never responds, a few milliseconds after they were sent.
 *
 * @param fetch The balanced fetch.
 * @param count How many.
 * @param atOnce How many at a time.
 */
export async function abortCalls(fetch: Fetch, count: number, atOnce = 100): Promise<void> {
  for (let i = 0; i < count; i += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, async (_, n) => {
      const caller = new AbortController();
      const call = fetch("http://app/silent", { signal: caller.signal }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, n % 8));
      caller.abort();
      await call;
    }));
  }
}

/**
 * Sends requests that share one signal.
 *
 * @param fetch The balanced fetch.
 * @param count How many.
 * @param signal The signal.
 * @param atOnce How many at a time.
 */
export async function callWithSignal(
  fetch: Fetch,
  count: number,
  signal: AbortSignal,
  atOnce = 50,
): Promise<void> {
  for (let i = 0; i < count; i += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, async () => {
      await (await fetch("http://app/", { signal })).text();
    }));
  }
}

/** Waits until the sockets of this process are no more than before, or three seconds. */
export async function settledHeld(client: Client, before: Held): Promise<Held> {
  let after = await client.held();
  for (let i = 0; i < 30 && after.sockets > before.sockets; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    after = await client.held();
  }
  return after;
}

interface Collectors {
  gc?(): void;
  Bun?: { gc(synchronous: boolean): void };
}

async function collect(): Promise<void> {
  const { gc, Bun } = globalThis as Collectors;
  // What finalizers free is only garbage in the next turn.
  for (let turn = 0; turn < 4; turn++) {
    if (Bun === undefined) gc?.();
    else Bun.gc(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function socketCount(): Promise<number> {
  try {
    const names = await readdir("/proc/self/fd");
    const links = await Promise.all(
      names.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
    );
    return links.filter((link) => link.startsWith("socket:")).length;
  } catch {
    return -1;
  }
}
