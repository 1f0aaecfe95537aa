/**
 * Builds the npm package: ES modules and their types for each export of package.json, and its
 * commands.
 *
 *     deno task build:npm [folder]
 *
 * The folder is `npm/` unless another is named; `npm pack` and `npm publish` work in it.
 *
 * @module
 */
import { build, type BuildOptions, type Plugin } from "esbuild";
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";
import { ensureNodeModules } from "./set_up.ts";

interface PackageManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  engines: Record<string, string>;
  exports: Record<string, string>;
  bin?: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Exports that do something when they are imported. */
const ACTING_EXPORTS = ["./signals"];
/** Lets a declaration be read by a program whose own library ends with ES2024. */
const DISPOSABLE = `/// <reference lib="esnext.disposable" />\n`;

/**
 * Builds the npm package.
 *
 * @param folder Where to; it is emptied first.
 * @throws {Error} when the code can't be bundled or its types can't be written.
 */
export async function buildNpm(folder: string): Promise<void> {
  await ensureNodeModules(ROOT);
  const manifest: PackageManifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const commands = Object.values(manifest.bin ?? {});
  const entries = [...new Set([...Object.values(manifest.exports), ...commands])];

  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const external = { ...manifest.dependencies, ...manifest.peerDependencies };
  await writeCode(folder, entries, Object.keys(external));
  await writeTypes(folder, Object.values(manifest.exports));
  for (const command of commands) await makeExecutable(join(folder, built(command, ".js")));
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) {
    await copyFile(join(ROOT, name), join(folder, name));
  }
  const published = JSON.stringify(publishedManifest(manifest), null, 2);
  await writeFile(join(folder, "package.json"), published + "\n");
}

function publishedManifest(manifest: PackageManifest): Record<string, unknown> {
  const { name, version, description, license, engines, exports, bin } = manifest;
  const mapValues = <T>(record: Record<string, string>, map: (value: string) => T) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
  return {
    name,
    version,
    description,
    license,
    type: "module",
    sideEffects: filesThatAct(exports, bin),
    engines,
    exports: mapValues(exports, (path) => ({
      types: built(path, ".d.ts"),
      default: built(path, ".js"),
    })),
    ...bin && { bin: mapValues(bin, (path) => built(path, ".js")) },
    dependencies: manifest.dependencies,
    peerDependencies: manifest.peerDependencies,
    peerDependenciesMeta: manifest.peerDependenciesMeta,
  };
}

// A bundler may leave out whatever is not used of other files.
function filesThatAct(exports: Record<string, string>, bin: Record<string, string> = {}): string[] {
  const paths = [...ACTING_EXPORTS.map((name) => exports[name]!), ...Object.values(bin)];
  return paths.map((path) => built(path, ".js"));
}

function built(path: string, extension: ".js" | ".d.ts"): string {
  return path.replace(/\.ts$/, extension);
}

// Each file stays a file of its own, so that stack traces name what the repository has. Packages that
// are not dependencies, such as the standard library, become one file each below `vendor/`.
async function writeCode(folder: string, entries: string[], external: string[]): Promise<void> {
  const shared: BuildOptions = {
    absWorkingDir: ROOT,
    outdir: folder,
    outbase: ".",
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
  };
  const isExternal = (name: string) => external.some((own) => `${name}/`.startsWith(`${own}/`));
  const graph = await build({
    ...shared,
    entryPoints: entries,
    external: ["node:*", ...external],
    plugins: [REQUIRED_BUILTINS],
    write: false,
    splitting: true,
    metafile: true,
  });
  const inlined = new Set<string>();
  const own = Object.keys(graph.metafile!.inputs).filter((path) => /^[^:]+\.tsx?$/.test(path))
    .filter((path) => !path.startsWith("node_modules/"));
  await build({
    ...shared,
    entryPoints: own,
    plugins: [{
      name: "a-file-each",
      setup({ onResolve }) {
        onResolve({ filter: /./ }, ({ path, importer, kind }) => {
          if (kind === "entry-point") return undefined;
          if (path.startsWith(".")) return { path: path.replace(/\.tsx?$/, ".js"), external: true };
          if (path.startsWith("node:") || isExternal(path)) return { path, external: true };
          inlined.add(path);
          const vendor = relative(dirname(importer), join(ROOT, vendorFile(path)));
          return { path: vendor.startsWith(".") ? vendor : `./${vendor}`, external: true };
        });
      },
    }],
  });
  await build({
    ...shared,
    sourcemap: false,
    entryPoints: [...inlined].map((name) => ({ in: name, out: vendorFile(name).slice(0, -3) })),
    external: ["node:*"],
    plugins: [REQUIRED_BUILTINS],
  });
}

function vendorFile(name: string): string {
  return `vendor/${name.replace(/^@/, "").replaceAll(/\W+/g, "_")}.js`;
}

// A CommonJS package that is inlined requires Node's modules, and an ES module has no require().
const REQUIRED_BUILTINS: Plugin = {
  name: "required-builtins",
  setup({ onResolve, onLoad }) {
    const filter = /^node:/;
    onResolve(
      { filter },
      ({ path, kind }) =>
        kind === "require-call" ? { path, namespace: "required-builtin" } : undefined,
    );
    onLoad({ filter, namespace: "required-builtin" }, ({ path }) => ({
      contents: `module.exports = globalThis.process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

async function writeTypes(folder: string, files: string[]): Promise<void> {
  const config = join(folder, "tsconfig.json");
  const settings = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: ROOT,
      outDir: folder,
      typeRoots: [join(ROOT, "node_modules", "@types")],
    },
    include: [join(ROOT, "types")],
    files: files.map((file) => join(ROOT, file)),
  };
  await writeFile(config, JSON.stringify(settings));
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const result = await runCommand([tsc, "-p", config], { cwd: ROOT });
  await rm(config);
  if (!result.ok) throw new Error(`Cannot write the types: tsc ended with ${result.ending}`);
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(folder, name);
    const text = withJsExtensions(await readFile(path, "utf8"));
    await writeFile(path, /\[Symbol\.(asyncD|d)ispose\]/.test(text) ? DISPOSABLE + text : text);
  }
  await removeUnusedTypes(folder, files.map((file) => join(folder, built(file, ".d.ts"))));
}

// The compiler declares every file that it reads; most are behind no export's types.
async function removeUnusedTypes(folder: string, doors: readonly string[]): Promise<void> {
  const used = new Set(doors);
  for (const path of used) {
    for (const specifier of relativeImports(await readFile(path, "utf8"))) {
      used.add(join(dirname(path), specifier.replace(/\.js$/, ".d.ts")));
    }
  }
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if (name.endsWith(".d.ts") && !used.has(path)) await rm(path);
  }
}

/**
 * Finds the files that a declaration imports.
 *
 * @param text A declaration file, with `.js` in its imports.
 * @returns Specifiers of relative imports.
 */
export function relativeImports(text: string): string[] {
  const matches = text.matchAll(/(?:\bfrom |\bimport\(|^import )["'](\.[^"']*)["']/gm);
  return [...matches].map(([, specifier]) => specifier!);
}

/**
 * Names the built files in a declaration's imports, as TypeScript's `nodenext` wants it.
 *
 * @param text A declaration file.
 * @returns The same, with `.js` where relative imports had `.ts`.
 */
export function withJsExtensions(text: string): string {
  return text.replace(/(\bfrom |\bimport\(|^import )(["'])(\.[^"']*)\.ts\2/gm, "$1$2$3.js$2");
}

async function makeExecutable(path: string): Promise<void> {
  const code = await readFile(path, "utf8");
  await writeFile(path, `#!/usr/bin/env node\n${code.replace(/^#!.*\n/, "")}`);
  await chmod(path, 0o755);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(ROOT, "npm"));
  await buildNpm(folder);
  console.log(`Built ${folder}`);
}
