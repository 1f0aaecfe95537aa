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
import { builtinModules } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";
import { ensureNodeModules } from "./set_up.ts";

interface PackageManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
  homepage: string;
  bugs: string;
  repository: { type: string; url: string };
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
  for (const name of ["LICENSE", "CHANGELOG.md"]) {
    await copyFile(join(ROOT, name), join(folder, name));
  }
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  await writeFile(join(folder, "README.md"), withAbsoluteLinks(readme, manifest));
  const published = JSON.stringify(publishedManifest(manifest), null, 2);
  await writeFile(join(folder, "package.json"), published + "\n");
}

function publishedManifest(manifest: PackageManifest): Record<string, unknown> {
  const { name, version, description, license, engines, exports, bin } = manifest;
  const { keywords, homepage, bugs, repository } = manifest;
  const mapValues = <T>(record: Record<string, string>, map: (value: string) => T) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
  return {
    name,
    version,
    description,
    keywords,
    homepage,
    bugs,
    repository,
    license,
    type: "module",
    // For tools that do not read "exports".
    main: built(exports["."]!, ".js"),
    types: built(exports["."]!, ".d.ts"),
    typesVersions: {
      "*": Object.fromEntries(
        Object.entries(exports).filter(([door]) => door !== ".").map(([door, path]) => [
          door.slice(2),
          [built(path, ".d.ts")],
        ]),
      ),
    },
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
    outdir: folder,
    entryPoints: entries,
    external,
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
    outdir: folder,
    outbase: ".",
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
  await writeLicenses(folder, [...inlined]);
  for (const name of inlined) {
    const others = [...inlined].filter((other) => other !== name);
    await build({
      ...shared,
      sourcemap: false,
      minify: true,
      stdin: { contents: await vendorEntry(name, own), resolveDir: ROOT },
      outfile: join(folder, vendorFile(name)),
      // What a vendored package needs of an optional peer is small, and the peer may be missing.
      external: [],
      plugins: [REQUIRED_BUILTINS, {
        name: "vendored",
        setup({ onResolve }) {
          onResolve(
            { filter: /./ },
            ({ path }) =>
              others.includes(path)
                ? { path: `./${basename(vendorFile(path))}`, external: true }
                : undefined,
          );
        },
      }],
    });
  }
}

// What a CommonJS package exports is only known by name.
async function vendorEntry(name: string, files: readonly string[]): Promise<string> {
  const names = new Set<string>();
  for (const file of files) {
    const text = await readFile(join(ROOT, file), "utf8");
    for (const [, clause, specifier] of text.matchAll(/^import \{([^}]*)\} from "([^"]+)";/gm)) {
      if (specifier !== name) continue;
      for (const imported of clause!.split(",").map((part) => part.trim())) {
        if (imported !== "" && !imported.startsWith("type ")) names.add(imported.split(" ")[0]!);
      }
    }
    const isDefault = new RegExp(`^import \\w+ from "${name}";`, "m").test(text);
    if (isDefault) names.add("default");
  }
  const from = JSON.stringify(name);
  const named = names.size > 0 ? `export { ${[...names].join(", ")} } from ${from};` : "";
  // Namespace and dynamic imports take whatever there is.
  return `${named} export * from ${from};`;
}

async function writeLicenses(folder: string, specifiers: readonly string[]): Promise<void> {
  const packages = new Set(specifiers.map(packageOf));
  const texts = await Promise.all([...packages].map(async (name) => {
    const path = join(ROOT, "node_modules", name);
    const license = (await readdir(path)).find((file) => /^licen[cs]e/i.test(file));
    const text = license === undefined
      ? `License: ${JSON.parse(await readFile(join(path, "package.json"), "utf8")).license}`
      : await readFile(join(path, license), "utf8");
    return `${name}\n\n${text.trim()}\n`;
  }));
  await mkdir(join(folder, "vendor"));
  await writeFile(join(folder, "vendor", "LICENSES.md"), texts.join("\n---\n\n"));
}

// The standard library comes from npm as one package.
function packageOf(specifier: string): string {
  if (specifier.startsWith("@std/")) return "deno-std";
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function vendorFile(name: string): string {
  return `vendor/${name.replace(/^@/, "").replaceAll(/\W+/g, "_")}.js`;
}

// A CommonJS package that is inlined requires Node's modules, and an ES module has no require().
const REQUIRED_BUILTINS: Plugin = {
  name: "required-builtins",
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    onResolve({ filter }, ({ path, kind }) => {
      const name = `node:${path.replace(/^node:/, "")}`;
      return kind === "require-call"
        ? { path: name, namespace: "required-builtin" }
        : { path: name, external: true };
    });
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
 * Makes the links of a document work where the repository's other files are not.
 *
 * @param text Markdown.
 * @param manifest Repository and version of the package.
 * @returns The same, with relative links to the repository at the tag of this version.
 */
export function withAbsoluteLinks(
  text: string,
  manifest: Pick<PackageManifest, "repository" | "version">,
): string {
  const repository = manifest.repository.url.replace(/^git\+|\.git$/g, "");
  const kind = (path: string) => /\.(svg|png)$/.test(path) ? "raw" : "blob";
  return text.replace(
    /\]\((?![a-z]+:|#|\/)([^)\s]+)\)/g,
    (_, path) => `](${repository}/${kind(path)}/v${manifest.version}/${path.replace(/^\.\//, "")})`,
  );
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
