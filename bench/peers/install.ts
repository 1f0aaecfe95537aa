/**
 * The peers' packages, which nothing else needs: `bench/peers/package.json` names them.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../scripts/run_command.ts";
import { isInstalled } from "../../scripts/set_up.ts";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));

/** Installs what the lock file names, unless it is there. Prints what it downloads. */
export async function installPeers(): Promise<void> {
  const locked = await packagesOf("package-lock.json");
  const installed = await packagesOf(join("node_modules", ".package-lock.json"));
  if (locked && installed && isInstalled(locked, installed)) return;
  const { dependencies } = JSON.parse(await readFile(join(FOLDER, "package.json"), "utf8"));
  const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
  const count = Object.keys(locked ?? {}).filter((path) => path !== "").length;
  console.log(`Installing ${names.join(", ")} (${count} packages with theirs): npm ci`);
  const command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { ok, ending } = await runCommand(command, { cwd: FOLDER });
  if (!ok) throw new Error(`Cannot install the peers: npm ci ended with ${ending}`);
}

async function packagesOf(path: string): Promise<Record<string, object> | undefined> {
  try {
    return JSON.parse(await readFile(join(FOLDER, path), "utf8")).packages;
  } catch {
    return undefined;
  }
}
