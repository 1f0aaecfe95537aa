/**
 * Runs the core of the suite on the oldest version of each runtime that the README claims. They come
 * from npm, into `.cache/oldest/`.
 *
 *     deno task test:oldest
 *
 * Closes with the line `N passed, N failed` and exits with 1 unless each of them ran tests and all
 * passed.
 *
 * @module
 */
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";
import { RUNTIMES } from "./runtimes.ts";
import { consulForTests, ensureNodeModules } from "./set_up.ts";
import { sideBySide } from "./side_by_side.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FOLDER = join(ROOT, ".cache", "oldest");
const LIMIT_MS = 180_000;

/** The oldest versions, by the name of the runtime. `README.md` and `package.json` name them too. */
const OLDEST: Readonly<Record<string, string>> = {
  node: "20.16.0",
  deno: "2.8.0",
  bun: "1.4.0",
};

// What runs everywhere and waits for nothing: connections, tokens, watches and the client.
const FILES = [
  "tests/client/client_contract_test.ts",
  "tests/access/consul_credentials_test.ts",
  "tests/client/on_demand_test.ts",
  "tests/client/reload_test.ts",
  "tests/client/servers_test.ts",
  "tests/registry/pinned_servers_test.ts",
  "tests/registry/session_test.ts",
  "tests/runtime/transport/compressed_test.ts",
  "tests/runtime/transport/connect_to_test.ts",
  "tests/runtime/transport/tls_test.ts",
  "tests/source/consul_test.ts",
  "tests/source/consul_decode_test.ts",
];

/** Installs a runtime, unless it is there. */
async function install(name: string, version: string): Promise<string> {
  const folder = join(FOLDER, `${name}-${version}`);
  const binary = join(folder, "node_modules", ".bin", name);
  if (await access(binary).then(() => true, () => false)) return binary;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), "{}");
  const command = ["npm", "install", "--silent", "--no-audit", "--no-fund", `${name}@${version}`];
  const { ok, ending } = await runCommand(command, { cwd: folder });
  if (!ok) throw new Error(`Cannot install ${name} ${version}: ${ending}`);
  return binary;
}

async function main(): Promise<number> {
  await ensureNodeModules(ROOT);
  const consul = await consulForTests();
  let passed = 0;
  let failed = 0;
  await sideBySide(2, RUNTIMES, async ({ name, testCommand, readCounts }) => {
    const version = OLDEST[name]!;
    const binary = await install(name, version);
    // The program itself is the first word, or "npx -y deno@2".
    const options = testCommand.slice(
      testCommand.findIndex((word) => /^(test|--import)$/.test(word)),
    );
    const files = FILES.map((file) => `./${file}`);
    const started = performance.now();
    const result = await runCommand([binary, ...options, ...files], {
      cwd: ROOT,
      limitMs: LIMIT_MS,
      env: { ...process.env, NO_COLOR: "1", ...(consul && { CONSUL_BIN: consul }) },
      onOutput() {},
    });
    const counts = readCounts(result.output) ?? { passed: 0, failed: 1 };
    const bad = counts.failed === 0 && (!result.ok || counts.passed === 0) ? 1 : counts.failed;
    if (bad > 0) console.log(result.output);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name} ${version}: ${counts.passed} passed, ${bad} failed, ${seconds} s`);
    passed += counts.passed;
    failed += bad;
  });
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
