import { assert, assertEquals } from "@std/assert";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { namedPaths, pathFaults } from "../architecture/named_paths.ts";
import { readProject, readTree, ROOT } from "../architecture/project.ts";
import { test } from "../support/test.ts";
import { unusedPackages } from "./unused_packages.ts";

type Texts = Record<string, string>;

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(ROOT, name), "utf8"));
}

interface Manifest {
  name: string;
  version: string;
  license: string;
  exports: Texts;
  imports: Texts;
  publish: { include: string[] };
  exclude: string[];
  fmt: { exclude: string[] };
  lint: { exclude: string[] };
}

const deno = await readJson<Manifest>("deno.json");
const jsr = await readJson<Manifest>("jsr.json");
interface NpmManifest extends Manifest {
  dependencies: Texts;
  peerDependencies: Texts;
  devDependencies: Texts;
  bin?: Texts;
}

const npm = await readJson<NpmManifest>("package.json");
const shipped = { ...npm.dependencies, ...npm.peerDependencies };
const lock = await readJson<{ version: string; packages: Record<string, { version: string }> }>(
  "package-lock.json",
);
interface CompilerConfig {
  compilerOptions: { paths: Record<string, string[]>; types: string[] };
  include: string[];
  exclude: string[];
  files: string[];
}

const { compilerOptions } = await readJson<CompilerConfig>("tsconfig.json");
const modules = await readProject(["src", "tests", "scripts", "bench", "examples"]);
// Built, installed or fetched: they may be missing.
const NOT_OURS = ["npm", "dist", ".cache", "node_modules"];
// Libraries that build_npm.ts puts into the package, so that it installs little.
const BUNDLED = [
  "commander",
  "@bomb.sh/tab",
  "@hono/node-server",
  "@valibot/to-json-schema",
  "prom-client",
  "valibot",
];
// What is started or required, and never imported; with a file that names it.
const TOOLS: Texts = {
  "piloted": "bench/pick.ts",
  "@arethetypeswrong/cli": ".ci/run",
  "bun": "scripts/runtimes.ts",
  "publint": ".ci/run",
  "tsx": "scripts/runtimes.ts",
  "typescript": "scripts/build_npm.ts",
};
const NAMED_AS: Texts = {
  "@arethetypeswrong/cli": "attw ",
  "publint": "publint ",
  "typescript": `"tsc"`,
};

/** Every bare specifier, with a file that imports it. */
function bareImports(wanted: (path: string) => boolean): [specifier: string, path: string][] {
  const found = new Map<string, string>();
  for (const { path, imports } of modules.values()) {
    for (const { specifier } of wanted(path) ? imports : []) {
      if (specifier && !/^(\.|node:|bun:|@piloted\/core)/.test(specifier)) {
        found.set(specifier, path);
      }
    }
  }
  return [...found];
}

/** The package of a specifier: `hono` of `hono/streaming`. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

const isShipped = (path: string) => path.startsWith("src/") || !path.includes("/");

test("manifests: deno.json, jsr.json and package.json name the same package", () => {
  for (const manifest of [jsr, npm]) {
    assertEquals(manifest.name, deno.name);
    assertEquals(manifest.version, deno.version);
    assertEquals(manifest.license, deno.license);
    assertEquals(manifest.exports, deno.exports);
  }
  assertEquals(lock.version, deno.version);
  const named = ({ publish }: Manifest) => publish.include.filter((name) => !/jsr|deno/.test(name));
  assertEquals(named(jsr), named(deno));
});

test("manifests: every export and command is a file", async () => {
  for (const path of [...Object.values(deno.exports), ...Object.values(npm.bin ?? {})]) {
    await access(join(ROOT, path));
  }
});

test("manifests: Deno takes the very versions from npm that the lock file gives to Bun and Node", () => {
  for (const [name, target] of Object.entries(deno.imports)) {
    const [, dependency, version] = /^npm:(@?[^@]+)@([^/]+)/.exec(target) ?? [];
    // Another version of a package under a name of its own.
    const installed = name.endsWith("-8") ? name : dependency;
    assertEquals(lock.packages[`node_modules/${installed}`]?.version, version, name);
  }
});

test("manifests: jsr.json and package.json ask npm for the same ranges", () => {
  for (const [name, target] of Object.entries(jsr.imports)) {
    const range = BUNDLED.includes(name) ? npm.devDependencies[name] : shipped[name];
    const expected = name.startsWith("@std/") ? `jsr:${name}@^1` : `npm:${name}@${range}`;
    assertEquals(target, expected);
  }
});

test("manifests: tsconfig.json finds the standard library where deno.json does", () => {
  const expected = Object.entries(deno.imports)
    .filter(([name]) => name.startsWith("@std/"))
    .map(([name, target]) => [
      name,
      [target.replace(/^npm:deno-std@[^/]+/, "./node_modules/deno-std")],
    ]);
  assertEquals(compilerOptions.paths, Object.fromEntries(expected));
});

test("manifests: whatever is shipped imports only what every manifest gives it", () => {
  const imports = bareImports(isShipped);
  assert(imports.length > 0);
  for (const [specifier, path] of imports) {
    const name = packageOf(specifier);
    const where = `${specifier} of ${path}`;
    assert(specifier in deno.imports || name in deno.imports, `deno.json lacks ${where}`);
    assert(name in jsr.imports, `jsr.json lacks ${where}`);
    const given = specifier in compilerOptions.paths || name in shipped || BUNDLED.includes(name);
    assert(given, `package.json and tsconfig.json lack ${where}`);
  }
});

test("manifests: tests, scripts, bench and examples import only what is given to them", () => {
  const known = { ...npm.dependencies, ...npm.devDependencies };
  for (const [specifier, path] of bareImports((path) => !isShipped(path))) {
    const name = packageOf(specifier);
    const where = `${specifier} of ${path}`;
    assert(specifier in deno.imports || name in deno.imports, `deno.json lacks ${where}`);
    const given = specifier in compilerOptions.paths || name in known;
    assert(given, `package.json and tsconfig.json lack ${where}`);
  }
});

test("manifests: what is bundled is no dependency, and neither the core nor a plug imports it", () => {
  for (const name of BUNDLED) assert(name in npm.devDependencies && !(name in shipped), name);
  const paths = [...modules.values()].filter(({ path, imports }) =>
    isShipped(path) &&
    imports.some(({ specifier }) => specifier && BUNDLED.includes(packageOf(specifier)))
  ).map(({ path }) => path);
  const allowed = /^src\/(cli|http|supervisor)\/|^src\/runtime\/listen_node\.ts$/;
  assert(paths.length > 0 && paths.every((path) => allowed.test(path)), paths.join(", "));
});

test("manifests: every dependency is used by what is shipped", () => {
  const used = new Set(bareImports(isShipped).map(([specifier]) => packageOf(specifier)));
  assertEquals(Object.keys(shipped).filter((name) => !used.has(name)), []);
});

test("manifests: nothing is installed that no file imports", async () => {
  const examples = await exampleImports();
  const specifiers = (wanted: (path: string) => boolean) =>
    new Set([...bareImports(wanted).map(([specifier]) => specifier), ...examples]);
  const every = specifiers(() => true);
  const otherwise = new Set([...Object.keys(TOOLS), ...await compiledTypes()]);
  // Types of a package that has none are compiled with it.
  for (const name of every) otherwise.add(`@types/${packageOf(name)}`);
  // Imported under the names of the standard library.
  if ([...every].some((name) => name.startsWith("@std/"))) otherwise.add("deno-std");
  assertEquals({
    "deno.json": unusedPackages(Object.keys(deno.imports), every, otherwise),
    "jsr.json": unusedPackages(Object.keys(jsr.imports), specifiers(isShipped)),
    "package.json": unusedPackages(Object.keys(npm.devDependencies), every, otherwise),
    "tsconfig.json": unusedPackages(Object.keys(compilerOptions.paths), every),
  }, { "deno.json": [], "jsr.json": [], "package.json": [], "tsconfig.json": [] });
});

test("manifests: every tool is named by the file that starts it", async () => {
  for (const [name, path] of Object.entries(TOOLS)) {
    assert(name in npm.devDependencies, `package.json lacks ${name}`);
    const text = await readFile(join(ROOT, path), "utf8");
    const word = NAMED_AS[name] ?? `"${name}"`;
    assert(text.includes(word), `${path} does not name ${word}`);
  }
});

test("manifests: they name only files and folders that exist", async () => {
  const tree = await readTree();
  const manifests = tree.filter((path) => /^(deno|jsr|package|tsconfig[^/]*)\.json$/.test(path));
  const faults: string[] = [];
  for (const name of [...manifests, "bunfig.toml", ".ci/run", ".github/workflows/ci.yml"]) {
    // What a script looks for may be missing.
    const text = (await readFile(join(ROOT, name), "utf8")).replace(/\[ -f [^\]]+\]/g, "");
    faults.push(...pathFaults(name, namedPaths(text), tree));
  }
  const compiled = await Promise.all(
    manifests.filter((name) => name.startsWith("tsconfig"))
      .map((name) => readJson<Partial<CompilerConfig>>(name)),
  );
  const listed = [
    ...deno.publish.include,
    ...deno.exclude,
    ...deno.fmt.exclude,
    ...deno.lint.exclude,
    ...jsr.publish.include,
    ...compiled.flatMap(({ include = [], exclude = [], files = [] }) => [
      ...include,
      ...exclude,
      ...files,
    ]),
  ];
  const missing = listed.filter((path) =>
    !path.includes("*") && !NOT_OURS.includes(path) && !tree.includes(path)
  );
  assertEquals([...faults, ...missing], []);
});

/** Packages of types that a tsconfig file gives to the compiler. */
async function compiledTypes(): Promise<Set<string>> {
  const names = (await readTree()).filter((path) => /^tsconfig[^/]*\.json$/.test(path));
  const configs = await Promise.all(names.map((name) => readJson<Partial<CompilerConfig>>(name)));
  const types = configs.flatMap(({ compilerOptions }) => compilerOptions?.types ?? []);
  return new Set(types.map((name) => `@types/${name}`));
}

/** What the examples in docstrings and documents import, besides the package itself. */
async function exampleImports(): Promise<string[]> {
  const paths = (await readTree()).filter((path) =>
    /^(src\/.*\.tsx?|[^/]*\.(ts|md)|docs\/.*\.md)$/.test(path)
  );
  const texts = await Promise.all(paths.map((path) => readFile(join(ROOT, path), "utf8")));
  return texts.flatMap((text) =>
    [...text.matchAll(/^(?: \*)? *(?:import|export) .*from "([@a-z][^"]*)";/gm)].map(([, name]) =>
      name!
    )
  );
}

test("manifests: the lock file holds no download address", async () => {
  const text = await readFile(join(ROOT, "package-lock.json"), "utf8");
  assertEquals(/"resolved"|\.tgz|:\/\/[^"]*(registry|npm|jsr)/.exec(text)?.[0], undefined);
});
