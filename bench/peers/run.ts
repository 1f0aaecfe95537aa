/**
 * Piloted beside its peers, in one run.
 *
 *     deno task bench:peers [options]
 *     npx -y deno@2 task bench:peers [options]
 *
 * `--only ROW` runs one family of rows (repeat it for more): pick, visible, deploy, lookups, scale,
 * size. `--short` takes seconds, and its figures say only that everything runs. `--no-install` leaves out
 * peers that are not installed. `--out FOLDER` writes `results.json` and `peers.svg` there.
 *
 * A run that is not short writes `bench/peers/results.json`, `docs/peers.svg` and the tables in
 * `docs/numbers.md`; families that it does not run keep what an earlier run wrote. Peers take turns in
 * short rounds after a warm-up. Figures are medians of the rounds, with the least and the greatest; ratios
 * are those within a round.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { ensureNodeModules } from "../../scripts/set_up.ts";
import { consulVersion } from "../../tests/support/consul.ts";
import { runtimeBinary } from "../../tests/support/process.ts";
import type { RowFamily } from "./comparison.ts";
import { installPeers } from "./install.ts";
import { hasPackage, packageFolder } from "./load_peer.ts";
import { isBusy, otherWork, thisMachine } from "./machine.ts";
import { textOf } from "./report.ts";
import { placesIn, repositoryPlaces, type RowResult, writeResults } from "./results.ts";
import { deploy } from "./rows/deploy.ts";
import { lookups } from "./rows/lookups.ts";
import { pick } from "./rows/pick.ts";
import { scale } from "./rows/scale.ts";
import { size } from "./rows/size.ts";
import { visible } from "./rows/visible.ts";

const FAMILIES: readonly RowFamily[] = [pick, visible, deploy, lookups, scale, size];
const NAMES = FAMILIES.map(({ name }) => name);
const PEERS = ["consul", "piloted", "undici", "@grpc/grpc-js"];

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    short: { type: "boolean", default: false },
    "no-install": { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const unknown = values.only?.find((name) => !NAMES.includes(name));
if (unknown !== undefined) {
  throw new RangeError(
    `Cannot run: --only must be one of ${NAMES.join(", ")}, received ${unknown}`,
  );
}

if (!values["no-install"]) {
  await ensureNodeModules(fileURLToPath(new URL("../../", import.meta.url)));
  await installPeers();
}
const machine = thisMachine();
const versions = await installedVersions();
console.log(
  `${machine.cpus} CPUs (${machine.cpu}), ${machine.memoryGb} GB, ${machine.system}, load ${
    os.loadavg().map((value) => value.toFixed(1)).join(" ")
  }`,
);
console.log(Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "));
for (const name of PEERS.filter((name) => !hasPackage(name))) {
  console.log(`npm ${name} is not installed, and left out`);
}

const quietMs = values.short ? 100 : 3_000;
const places = values.out !== undefined
  ? placesIn(values.out)
  : values.short
  ? undefined
  : repositoryPlaces();
for (const family of FAMILIES.filter(({ name }) => values.only?.includes(name) ?? true)) {
  console.log(`\n=== ${family.title} (--only ${family.name})\n`);
  try {
    const result = await measure(family);
    // After each family, so that one that fails does not cost what the others found.
    if (places !== undefined) await writeResults(places, { [family.name]: result }, NAMES);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
// Sockets of peers that are kept alive must not hold the command.
process.exit();

async function measure(family: RowFamily): Promise<RowResult> {
  const before = await otherWork(quietMs);
  if (isBusy(before)) console.log(`Other work uses ${before} processors\n`);
  const startedAt = performance.now();
  const comparisons = await family.run({ isShort: values.short, has: hasPackage });
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const comparison of comparisons) console.log(textOf(comparison));
  return {
    title: family.title,
    measuredOn: new Date().toISOString().slice(0, 10),
    seconds,
    otherWork: Math.max(before, await otherWork(quietMs)),
    machine,
    versions,
    comparisons,
  };
}

async function installedVersions(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const runtime of ["node", "deno", "bun"] as const) {
    const { stdout } = await promisify(execFile)(await runtimeBinary(runtime), ["--version"]);
    found[runtime] = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "unknown";
  }
  if (values.only?.join() !== "pick") found.Consul = await consulVersion();
  for (const name of PEERS.filter(hasPackage)) {
    const manifest = await readFile(join(packageFolder(name)!, "package.json"), "utf8");
    found[`npm ${name}`] = JSON.parse(manifest).version;
  }
  return found;
}
