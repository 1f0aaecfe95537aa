// Runs on Node alone, as its name says: what it installs is then run on every runtime.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { build } from "esbuild";
import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  buildNpm,
  relativeImports,
  withAbsoluteLinks,
  withJsExtensions,
} from "../../scripts/build_npm.ts";
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
// Packed, a third of it documentation in the declarations.
const LARGEST_PACKAGE = 896 * 1024;
// Unpacked, of the package and what it installs, in kB.
const LARGEST_INSTALL = 8_000;
// The oldest that the peer ranges allow, as applications have them beside @opentelemetry/sdk-node.
const PEERS = ["hono@4.6.20", "@opentelemetry/api@1.9.0"];
const LIMIT = { timeout: 180_000 };

// A folder outside of the repository, in which each test goes on where the one before it ended.
const folder = await mkdtemp(join(tmpdir(), "piloted-package-"));
const consumer = join(folder, "consumer");
const compiled = join(consumer, "dist", "consumer.js");
after(() => rm(folder, { recursive: true, force: true }));

async function install(...packages: string[]): Promise<void> {
  const options = ["--prefer-offline", "--no-audit", "--no-fund"];
  await run("npm", ["install", ...options, ...packages], { cwd: consumer });
}

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
    paths.filter((path) => !/(\.js|\.js\.map|\.d\.ts|\.md|^LICENSE|^package\.json)$/.test(path)),
    [],
  );
  assert(packed!.size < LARGEST_PACKAGE, `${packed!.size} bytes packed`);
  // A stack trace names the file that the repository has.
  assert(paths.includes("src/client/piloted.js") && paths.includes("src/client/piloted.js.map"));
  assertEquals(paths.filter((path) => /chunk/.test(path)), []);

  await mkdir(consumer);
  await writeFile(join(consumer, "package.json"), `{ "private": true, "type": "module" }`);
  await copyFile(CONSUMER, join(consumer, "consumer.ts"));
  await install(join(folder, packed!.filename));
  const installed = (await readdir(join(consumer, "node_modules"))).filter((name) =>
    !name.startsWith(".")
  );
  const { stdout: disk } = await run("du", ["-sk", "node_modules"], { cwd: consumer });
  console.log(`Installs ${installed.join(", ")}: ${disk.split("\t")[0]} kB`);
  assertEquals(installed.sort(), ["@piloted", "json5", "re2js"]);
  assert(Number.parseInt(disk) < LARGEST_INSTALL, disk);
});

test("npm package: piloted serve names the package that it needs", LIMIT, async () => {
  const command = join(consumer, "node_modules", ".bin", "piloted");
  const failed = await run(command, ["serve", "--dev", "--port", "0"], { cwd: consumer }).catch(
    (error) => error,
  );
  assert(failed.code > 0, `${failed.code}`);
  assertMatch(failed.stderr, /the package hono is not installed; .*npm install hono/);
});

test("npm package: installs beside the oldest peers that it allows", LIMIT, async () => {
  await install(...PEERS);
  const { stdout } = await run("npm", ["ls", "--all", "--json"], { cwd: consumer });
  const { dependencies } = JSON.parse(stdout);
  assertEquals([dependencies.hono.version, dependencies["@opentelemetry/api"].version], [
    "4.6.20",
    "1.9.0",
  ]);
});

test("npm package: its types resolve for nodenext and for bundlers", LIMIT, async () => {
  await compile({ module: "preserve", moduleResolution: "bundler" });
  await compile({ module: "nodenext" });
});

const EXPECTED = {
  ports: [8001, 8002],
  status: 200,
  metrics: true,
  observer: "function",
  refused: "UNKNOWN_SERVICE",
  text: "customers",
};
const RUNTIMES: Record<string, readonly string[]> = {
  "this Node": [process.execPath],
  "Node 22": ["npx", "-y", "-p", "node@22", "node"],
  "Node 24": ["npx", "-y", "-p", "node@24", "node"],
  Bun: [join(BIN, "bun")],
  Deno: ["npx", "-y", "deno@2", "run", "-A", "--node-modules-dir=manual"],
};

for (const [name, [command, ...options]] of Object.entries(RUNTIMES)) {
  test(`npm package: runs on ${name}`, LIMIT, async () => {
    const { stdout } = await run(command!, [...options, compiled], { cwd: consumer });
    assertEquals(JSON.parse(stdout), EXPECTED);
  });
}

test("npm package: can be required where Node allows it", LIMIT, async () => {
  const code = `console.log(typeof require("@piloted/core").createPiloted)`;
  const [command, ...options] = RUNTIMES["Node 24"]!;
  const { stdout } = await run(command!, [...options, "-e", code], { cwd: consumer });
  assertEquals(stdout, "function\n");
});

test(
  "npm package: an esbuild bundle of a program runs, metrics and templates included",
  LIMIT,
  async () => {
    const outfile = join(consumer, "dist", "bundle.mjs");
    await build({
      absWorkingDir: consumer,
      entryPoints: [compiled],
      bundle: true,
      outfile,
      format: "esm",
      platform: "node",
      logLevel: "silent",
    });
    await rename(join(consumer, "node_modules"), join(consumer, "away"));
    try {
      const { stdout } = await run(process.execPath, [outfile], { cwd: consumer });
      assertEquals(JSON.parse(stdout), EXPECTED);
    } finally {
      await rename(join(consumer, "away"), join(consumer, "node_modules"));
    }
  },
);

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

test("withAbsoluteLinks() leads relative links to the repository at the version's tag", () => {
  const manifest = {
    version: "1.2.3",
    repository: { type: "git", url: "git+https://host/a/b.git" },
  };
  assertEquals(
    withAbsoluteLinks(
      "![a](docs/a.svg) [b](./docs/b.md#c) [d](#d) [e](https://e.example/) [f](mailto:f@f.example)",
      manifest,
    ),
    "![a](https://host/a/b/raw/v1.2.3/docs/a.svg) [b](https://host/a/b/blob/v1.2.3/docs/b.md#c) " +
      "[d](#d) [e](https://e.example/) [f](mailto:f@f.example)",
  );
});
