// Runs on Node alone, as its name says: what it installs is then run on Node and on Bun.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { build } from "esbuild";
import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildNpm, relativeImports, withJsExtensions } from "../../scripts/build_npm.ts";
import { ROOT } from "../architecture/project.ts";
import { test } from "../support/test.ts";

interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
}

const run = promisify(execFile);
const BIN = join(ROOT, "node_modules", ".bin");
const CONSUMER = fileURLToPath(new URL("./fixtures/consumer.ts", import.meta.url));
// Of which half is documentation in the declarations.
const LARGEST_PACKAGE = 512 * 1024;
const LIMIT = { timeout: 180_000 };

// A folder outside of the repository, in which each test goes on where the one before it ended.
const folder = await mkdtemp(join(tmpdir(), "piloted-package-"));
const consumer = join(folder, "consumer");
const compiled = join(consumer, "dist", "consumer.js");
after(() => rm(folder, { recursive: true, force: true }));

async function compile(options: Record<string, unknown>): Promise<void> {
  const settings = {
    compilerOptions: { target: "es2023", strict: true, types: [], outDir: "dist", ...options },
    files: ["consumer.ts"],
  };
  await writeFile(join(consumer, "tsconfig.json"), JSON.stringify(settings));
  await run(join(BIN, "tsc"), ["-p", consumer]).catch((error) => {
    throw new Error(`Cannot compile the consumer: ${error.stdout}`);
  });
}

test("npm package: builds, packs and installs outside of the repository", LIMIT, async () => {
  await buildNpm(join(folder, "build"));
  const pack = ["pack", "--json", "--pack-destination", folder];
  const { stdout } = await run("npm", pack, { cwd: join(folder, "build") });
  const [packed]: Packed[] = Object.values(JSON.parse(stdout));
  const paths = packed!.files.map(({ path }) => path);
  assertEquals(
    paths.filter((path) => !/(\.js|\.d\.ts|\.md|^LICENSE|^package\.json)$/.test(path)),
    [],
  );
  assert(packed!.size < LARGEST_PACKAGE, `${packed!.size} bytes packed`);

  await mkdir(consumer);
  await writeFile(join(consumer, "package.json"), `{ "private": true, "type": "module" }`);
  await copyFile(CONSUMER, join(consumer, "consumer.ts"));
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund"];
  await run("npm", [...install, join(folder, packed!.filename)], { cwd: consumer });
});

test("npm package: its types resolve for nodenext and for bundlers", LIMIT, async () => {
  await compile({ module: "preserve", moduleResolution: "bundler" });
  await compile({ module: "nodenext" });
});

for (const runtime of [process.execPath, join(BIN, "bun")]) {
  test(`npm package: runs on ${runtime.split("/").at(-1)}`, LIMIT, async () => {
    const { stdout } = await run(runtime, [compiled], { cwd: consumer });
    assertEquals(JSON.parse(stdout), {
      ports: [8001, 8002],
      status: 200,
      refused: "UNKNOWN_SERVICE",
      text: "customers",
    });
  });
}

test("npm package: a bundler keeps the import of signals, and drops one that is not used", async () => {
  const bundled = async (name: string) => {
    const { outputFiles } = await build({
      stdin: { contents: `import "${name}";`, resolveDir: consumer },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      logLevel: "silent",
    });
    return outputFiles[0]!.text;
  };
  assertMatch(await bundled("@piloted/core/signals"), /SIGHUP/);
  assertEquals((await bundled("@piloted/core")).trim(), "");
});

test(
  "npm package: piloted is its one command, and installs no library of its own",
  LIMIT,
  async () => {
    const command = join(consumer, "node_modules", ".bin", "piloted");
    const { stdout } = await run(command, ["--version"], { cwd: consumer });
    assertMatch(stdout, /^\d+\.\d+\.\d+\n$/);
    // npx runs the one command of a package, whatever its name.
    const npx = await run("npx", ["@piloted/core", "complete", "bash"], { cwd: consumer });
    assertMatch(npx.stdout, /piloted complete --/);
    const installed = await readdir(join(consumer, "node_modules"));
    assertEquals(installed.filter((name) => /commander|bomb/.test(name)), []);
  },
);

test("npm package: piloted serve answers lookups on Node and stops on SIGTERM", LIMIT, async () => {
  const command = join(consumer, "node_modules", ".bin", "piloted");
  const server = spawn(command, ["serve", "--dev", "--port", "0"], { cwd: consumer });
  let printed = "";
  server.stderr.setEncoding("utf8").on("data", (chunk) => printed += chunk);
  const ended = new Promise<number | null>((resolve) => server.on("close", resolve));
  try {
    let url: string | undefined;
    for await (const line of createInterface({ input: server.stdout })) {
      printed += `${line}\n`;
      url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (url !== undefined && /listen/i.test(line)) break;
    }
    assertMatch(url ?? printed, /^http:/);
    const services = await fetch(`${url}/v1/services`);
    assertEquals(services.status, 200, printed);
    await services.body?.cancel();
    server.kill("SIGTERM");
    assertEquals(await ended, 0, printed);
  } finally {
    server.kill("SIGKILL");
  }
});

test("withJsExtensions() renames relative imports alone", () => {
  const text = `import { a } from "./a.ts";
export type { B } from '../b/b.ts';
import "./c.ts";
export declare const d: import("./d.ts").D;
/** Read "./e.ts" first. */
import type { F } from "f.ts";`;
  assertEquals(
    withJsExtensions(text),
    `import { a } from "./a.js";
export type { B } from '../b/b.js';
import "./c.js";
export declare const d: import("./d.js").D;
/** Read "./e.ts" first. */
import type { F } from "f.ts";`,
  );
});

test("relativeImports() finds what a declaration imports, in each form", () => {
  const text = `import { a } from "./a.js";
export type { B } from '../b/b.js';
import "./c.js";
export declare const d: import("./d.js").D;
import type { Hono } from "hono";`;
  assertEquals(relativeImports(text), ["./a.js", "../b/b.js", "./c.js", "./d.js"]);
});
