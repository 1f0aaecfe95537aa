/**
 * The core in other shapes: without what is imported later, as JavaScript, and as one file.
 *
 * @module
 */
import { build } from "esbuild";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withJsExtensions } from "../../scripts/build_npm.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Paths of modules to import. */
export interface Variants {
  /** A module without anything in it. */
  empty: string;
  /** mod.ts itself. */
  door: string;
  /** The same without the files that are imported when they are needed. */
  alone: string;
  /** As `alone`, with its types removed. */
  javascript: string;
  /** As `javascript`, in one file that tells how long it runs. */
  bundle: string;
  /** How many files `alone` has. */
  files: number;
  /** How many files are imported when they are needed. */
  laterFiles: number;
}

/**
 * Makes the variants, and removes them at the end.
 *
 * @param use What to do with them.
 * @returns What it returns.
 */
export async function withVariants<T>(use: (variants: Variants) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-import-"));
  try {
    const empty = join(folder, "empty.ts");
    await writeFile(empty, "export {};\n");
    const { bundle, files, laterFiles } = await writeBundle(folder);
    for (const file of files) await copy(file, join(folder, "alone"));
    return await use({
      empty,
      door: join(ROOT, "mod.ts"),
      alone: join(folder, "alone", "mod.ts"),
      javascript: await writeJavaScript(join(folder, "javascript"), files),
      bundle,
      files: files.length,
      laterFiles,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

// Static imports are in the bundle, dynamic ones stay where they are: they are never loaded here.
async function writeBundle(
  folder: string,
): Promise<{ bundle: string; files: string[]; laterFiles: number }> {
  const options = {
    absWorkingDir: ROOT,
    outdir: "out",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: "esnext",
  } as const;
  const entryPoints = ["mod.ts"];
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints,
    banner: { js: "const begun = performance.now();" },
    footer: { js: "globalThis.evaluated = performance.now() - begun;" },
    plugins: [{
      name: "static imports alone",
      setup(build) {
        build.onResolve(
          { filter: /./ },
          ({ kind, path }) => kind === "dynamic-import" ? { path, external: true } : undefined,
        );
      },
    }],
  });
  const bundle = join(folder, "bundle.js");
  await writeFile(bundle, outputFiles[0]!.contents);
  const files = Object.keys(metafile.inputs);
  const whole = await build({
    ...options,
    entryPoints,
    splitting: true,
    packages: "external",
  });
  return { bundle, files, laterFiles: Object.keys(whole.metafile.inputs).length - files.length };
}

async function copy(file: string, folder: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await copyFile(join(ROOT, file), join(folder, file));
}

async function writeJavaScript(folder: string, files: readonly string[]): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir: folder,
    outbase: ".",
    bundle: false,
    write: false,
    format: "esm",
    target: "esnext",
  });
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, withJsExtensions(new TextDecoder().decode(contents)));
  }
  return join(folder, "mod.js");
}
