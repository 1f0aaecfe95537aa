/** Bundles a Worker like Wrangler: one module, with Node's built-in modules from workerd. */
import { build } from "esbuild";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Bundles.
 *
 * @param entry Path of the Worker from the project's root.
 * @returns The code of the module.
 */
export async function bundleWorker(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: fileURLToPath(new URL("../../", import.meta.url)),
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import"],
    // Only /metrics uses any of them, through CommonJS.
    external: ["node:*", ...builtinModules],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire("/");`,
    },
  });
  return outputFiles[0]!.text;
}
