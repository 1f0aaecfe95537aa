/**
 * Checks that a release is ready, and prints what it would publish. Publishes nothing: the release
 * workflow does, from a tag.
 *
 *     deno task release --dry-run [--tag v1.2.3]
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildNpm } from "./build_npm.ts";
import { runCommand } from "./run_command.ts";

/** What a release is judged by. */
export interface ReleaseFacts {
  /** Version in each manifest, by file name. */
  readonly versions: Readonly<Record<string, string>>;
  /** The text of `CHANGELOG.md`. */
  readonly changelog: string;
  /** The tag, where there is one. */
  readonly tag: string | undefined;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/**
 * Finds what keeps a version from being released.
 *
 * @param facts Manifests, changelog and tag.
 * @returns One sentence for each fault; none when it is ready.
 */
export function releaseFaults({ versions, changelog, tag }: ReleaseFacts): string[] {
  const faults: string[] = [];
  const version = versions["deno.json"]!;
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
    faults.push(`deno.json: ${version} is no version`);
  }
  for (const [file, other] of Object.entries(versions)) {
    if (other !== version) faults.push(`${file} says ${other}, deno.json ${version}`);
  }
  if (tag === undefined) return faults;
  if (tag !== `v${version}`) faults.push(`the tag is ${tag}, the version ${version}`);
  if (!changelog.includes(`\n## [${version}]`)) {
    faults.push(
      `CHANGELOG.md has no heading ## [${version}]: name and date the unreleased changes`,
    );
  }
  return faults;
}

async function readFacts(tag: string | undefined): Promise<ReleaseFacts> {
  const version = async (name: string): Promise<[string, string]> => [
    name,
    JSON.parse(await readFile(join(ROOT, name), "utf8")).version,
  ];
  const names = ["deno.json", "jsr.json", "package.json", "package-lock.json"];
  const command = await readFile(join(ROOT, "src/cli/version.ts"), "utf8");
  return {
    versions: {
      ...Object.fromEntries(await Promise.all(names.map(version))),
      "src/cli/version.ts": /VERSION = "([^"]+)"/.exec(command)?.[1] ?? "nothing",
    },
    changelog: await readFile(join(ROOT, "CHANGELOG.md"), "utf8"),
    tag,
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { tag: { type: "string" }, "dry-run": { type: "boolean", default: false } },
  });
  if (!values["dry-run"]) {
    console.error("Cannot release from here: push a tag, or check with --dry-run what it would do");
    return 2;
  }
  const facts = await readFacts(values.tag);
  const faults = releaseFaults(facts);
  for (const fault of faults) console.error(`Not ready: ${fault}`);
  if (faults.length > 0) return 1;
  const folder = await mkdtemp(join(tmpdir(), "piloted-release-"));
  try {
    await buildNpm(folder);
    const sizes = await Promise.all(
      (await readdir(folder, { recursive: true })).map(async (name) => {
        const entry = await stat(join(folder, name));
        return entry.isFile() ? entry.size : 0;
      }),
    );
    const files = sizes.filter((size) => size > 0);
    const kilobytes = Math.round(files.reduce((sum, size) => sum + size, 0) / 1_000);
    console.log(`npm: ${files.length} files, ${kilobytes} kB`);
    const deno = process.versions.deno ? [process.execPath] : ["npx", "-y", "deno@2"];
    const jsr = await runCommand([...deno, "publish", "--dry-run", "--allow-dirty"], { cwd: ROOT });
    if (!jsr.ok) return 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`Ready: ${facts.versions["deno.json"]}`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
