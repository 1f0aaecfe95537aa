/** A Chromium, a Consul and a serve.ts for the page's tests. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { ensureChromium, findChromium } from "../../scripts/get_chromium.ts";
import type { Listener } from "../../src/runtime/listen.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { send, startServe } from "../http/serve_process.ts";
import type { Child } from "../support/process.ts";

/** Where screenshots go. */
export const SCREENSHOTS: string = fileURLToPath(
  new URL("../../.cache/screenshots/", import.meta.url),
);

/**
 * Why the browser tests cannot run here; `false` with a Chromium. With `CI=true` it is downloaded,
 * because nobody would notice a skipped test there.
 */
export async function skipWithoutChromium(): Promise<string | false> {
  if (process.env.CI === "true") await ensureChromium();
  return await findChromium() === undefined ? "no Chromium: run scripts/get_chromium.ts" : false;
}

/** Starts Chromium without a window. */
export async function startChromium(): Promise<Browser> {
  const executablePath = await findChromium();
  return await chromium.launch({
    ...executablePath !== undefined && { executablePath },
    // Its sandbox needs more permissions than a container has.
    args: ["--no-sandbox"],
  });
}

/** A lookup service over a Consul that the test controls. */
export interface Site {
  readonly consul: EmbeddedConsul;
  /** The Consul's listener; closing it is an outage. */
  readonly agent: Listener;
  readonly url: string;
  /** Stops the service with SIGTERM. */
  stop(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
}

/** What a site has besides. */
export interface SiteOptions {
  /** Environment of the service. */
  readonly env?: Record<string, string>;
  /** How many more services, each with two instances: `app-1` and so on. @default {0} */
  readonly more?: number;
}

/** Starts a site with `customers`, `orders` and an empty `search`, and ends it with the test. */
export async function withSite(
  run: (site: Site) => Promise<void>,
  { env = {}, more = 0 }: SiteOptions = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-browser-"));
  const consul = new EmbeddedConsul();
  const agent = await consul.listen();
  for (const number of [1, 2, 3]) register(consul, "customers", number);
  register(consul, "orders", 1);
  consul.setStatus("orders-1", "warning");
  const config = join(folder, "containerpilot.json5");
  const apps = Array.from({ length: more }, (_, position) => `app-${position + 1}`);
  for (const name of apps) for (const number of [1, 2]) register(consul, name, number);
  const names = ["customers", "orders", "search", ...apps];
  const watches = names.map((name) => ({ name, interval: 1 }));
  await writeFile(config, JSON.stringify({ consul: agent.url, watches }));
  let serve: Child | undefined;
  let port = "0";
  const start = async () => {
    serve = await startServe(["--config", config, "--port", port], env);
    port = (await serve.waitFor(/^Listening on http:\/\/127\.0\.0\.1:(\d+)$/m))[1]!;
  };
  const stop = async () => {
    send(serve!, "SIGTERM");
    await serve!.exited;
  };
  try {
    await start();
    await run({ consul, agent, url: `http://127.0.0.1:${port}`, start, stop });
  } finally {
    await serve?.stop();
    await consul.close();
    await rm(folder, { recursive: true });
  }
}

/** Registers an instance that is healthy. */
export function register(consul: EmbeddedConsul, name: string, number: number): void {
  consul.register({
    name,
    id: `${name}-${number}`,
    address: `10.0.0.${number}`,
    port: 8000 + number,
    tags: ["primary", `v${number}`],
    status: "passing",
  });
}
