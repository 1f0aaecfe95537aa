/**
 * The size of the core as a browser or an edge runtime would load it.
 *
 * @module
 */
import { build } from "esbuild";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Bytes of some code. */
export interface CodeSize {
  /** Minified. */
  minified: number;
  /** Minified and gzipped. */
  gzipped: number;
}

/** What mod.ts may cost a browser when it is imported, without `json5`: bytes, minified and gzipped. */
export const LARGEST_AT_IMPORT = 19_500;

/** Bytes of a bundle. */
export interface BundleSize {
  /** What is loaded when mod.ts is imported. */
  atImport: CodeSize;
  /** What is loaded by a dynamic import when it is needed. */
  later: CodeSize;
  /** Files that are loaded when mod.ts is imported, with what is left of each, minified. */
  files: ReadonlyMap<string, number>;
}

/**
 * Bundles and minifies mod.ts as a bundler does that keeps dynamic imports apart.
 *
 * @param without Packages that are left out of the bundle.
 * @returns Its size.
 */
export async function bundleSize(without: readonly string[]): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["mod.ts"],
    outdir: "out",
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    external: ["node:*", ...without],
  });
  const atImport = new Set(["out/mod.js"]);
  for (const path of atImport) {
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && next in metafile.outputs) atImport.add(next);
    }
  }
  const files = new Map<string, number>();
  for (const path of atImport) {
    for (const [file, { bytesInOutput }] of Object.entries(metafile.outputs[path]!.inputs)) {
      files.set(file, bytesInOutput);
    }
  }
  const size: BundleSize = {
    atImport: { minified: 0, gzipped: 0 },
    later: { minified: 0, gzipped: 0 },
    files,
  };
  for (const { path, contents } of outputFiles) {
    const part = atImport.has(`out/${basename(path)}`) ? size.atImport : size.later;
    part.minified += contents.length;
    part.gzipped += gzipSync(contents, { level: 9 }).length;
  }
  return size;
}
