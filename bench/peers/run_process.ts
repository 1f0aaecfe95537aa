/**
 * Measures in a process of its own, which prints its figures as one line of JSON at the end.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { fileURLToPath } from "node:url";
import {
  type Child,
  runtimeBinary,
  startProcess,
  startScript,
} from "../../tests/support/process.ts";

/** Runs a file of `processes/` on Node and returns what it printed. */
export async function runProcess<T>(
  file: string,
  args: readonly (string | number)[],
): Promise<T> {
  const path = `bench/peers/processes/${file}`;
  return await printed(file, await startScript("node", path, args.map(String)));
}

/** The same without a compiler in the process, whose memory would be part of the figures. */
export async function runBuiltProcess<T>(
  file: string,
  args: readonly (string | number)[],
): Promise<T> {
  const at = (path: string) => new URL(path, import.meta.url);
  const outfile = fileURLToPath(at(`../../.cache/peers/${file.replace(/ts$/, "mjs")}`));
  await build({
    entryPoints: [fileURLToPath(at(`processes/${file}`))],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
    // Peers are found from there.
    define: { "import.meta.url": JSON.stringify(at("load_peer.ts").href) },
  });
  await stop();
  const command = ["--expose-gc", outfile, ...args.map(String)];
  return await printed(file, startProcess(await runtimeBinary("node"), command));
}

async function printed<T>(file: string, child: Child): Promise<T> {
  const { code, signal } = await child.exited;
  const line = child.stdout().trim().split("\n").at(-1)!;
  if (code !== 0 || line === "") {
    throw new Error(`Cannot measure: ${file} ended with ${code ?? signal}\n${child.stderr()}`);
  }
  return JSON.parse(line) as T;
}

/** Figures of each peer, one for each round. */
export type FiguresByPeer = Record<string, number[]>;
