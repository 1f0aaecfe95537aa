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

/** Bytes of a bundle. */
export interface BundleSize {
  /** What is loaded when mod.ts is imported. */
  atImport: CodeSize;
  /** What is loaded by a dynamic import when it is needed. */
  later: CodeSize;
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
  const size: BundleSize = {
    atImport: { minified: 0, gzipped: 0 },
    later: { minified: 0, gzipped: 0 },
  };
  for (const { path, contents } of outputFiles) {
    const part = atImport.has(`out/${basename(path)}`) ? size.atImport : size.later;
    part.minified += contents.length;
    part.gzipped += gzipSync(contents, { level: 9 }).length;
  }
  return size;
}
