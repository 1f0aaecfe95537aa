/** Runs a Worker in workerd, the runtime of Cloudflare Workers, from its npm package for Linux. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { listen } from "../../src/runtime/listen.ts";
import { type Child, startProcess } from "../support/process.ts";
import { waitUntil } from "../support/wait_until.ts";
import { bundleWorker } from "./bundle_worker.ts";

// The packages of the binaries, not the package `workerd`: it depends on those of every platform, and
// `npm ci` fails when one of them is missing from the registry.
const workerd = createRequire(import.meta.url).resolve(
  `@cloudflare/workerd-linux-${process.arch === "arm64" ? "arm64" : "64"}/bin/workerd`,
);

/**
 * Compatibility dates that `docs/http.md` claims, and whether `/metrics` works with them: the
 * oldest, and the oldest with the modules of Node that prom-client needs.
 */
export const COMPATIBILITY_DATES: readonly (readonly [date: string, hasMetrics: boolean])[] = [
  ["2024-09-23", false],
  ["2026-03-17", true],
];

/**
 * Runs a Worker during a test.
 *
 * @param entry Path of the Worker from the project's root.
 * @param env Its text bindings.
 * @param run The test; gets the Worker's URL.
 * @param date Its compatibility date. @default {the one of the present}
 */
export async function withWorker(
  entry: string,
  env: Readonly<Record<string, string>>,
  run: (url: string) => Promise<void>,
  date = "2026-04-01",
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-workerd-"));
  let child: Child | undefined;
  try {
    await writeFile(join(folder, "worker.js"), await bundleWorker(entry));
    // workerd does not print its port, so it gets one that was free a moment ago.
    const free = await listen(() => new Response());
    await free.close();
    await writeFile(join(folder, "config.capnp"), configuration(free.port, env, date));
    child = startProcess(workerd, ["serve", "--experimental", join(folder, "config.capnp")]);
    await waitUntil(async () => (await fetch(`${free.url}/health/live`)).body?.cancel() !== null);
    await run(free.url);
  } finally {
    await child?.stop();
    await rm(folder, { recursive: true });
  }
}

function configuration(
  port: number,
  env: Readonly<Record<string, string>>,
  date: string,
): string {
  const bindings = Object.entries(env)
    .map(([name, value]) => `(name = "${name}", text = "${value}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      compatibilityDate = "${date}",
      compatibilityFlags = ["nodejs_compat"],
      bindings = [${bindings.join(", ")}],
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;
}
