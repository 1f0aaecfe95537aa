/** Bundles a Worker as Wrangler would: one module, Node's built-in modules left to workerd. */
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
    // Of all that is served only /metrics uses any, through CommonJS.
    external: ["node:*", ...builtinModules],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire("/");`,
    },
  });
  return outputFiles[0]!.text;
}
