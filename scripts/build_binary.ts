/**
 * Builds the command as one executable file that needs no runtime, with Bun's own.
 *
 *     deno task build:binary [file]
 *
 * The file is `dist/piloted` unless another is named. It runs on the system that it was built on.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";
import { ensureNodeModules } from "./set_up.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/**
 * Builds the executable.
 *
 * @param file Where to.
 * @throws {Error} when it cannot be built.
 */
export async function buildBinary(file: string): Promise<void> {
  await ensureNodeModules(ROOT);
  await mkdir(dirname(file), { recursive: true });
  const result = await runCommand([
    join(ROOT, "node_modules", ".bin", "bun"),
    "build",
    "--compile",
    "--minify-syntax",
    "--minify-whitespace",
    // Variables of a .env file in the folder where it runs are no part of a child's environment.
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    join(ROOT, "cli.ts"),
    "--outfile",
    file,
  ], { cwd: ROOT });
  if (!result.ok) throw new Error(`Cannot build ${file}: bun ended with ${result.ending}`);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const file = resolve(process.argv[2] ?? join(ROOT, "dist", "piloted"));
  await buildBinary(file);
  console.log(`Built ${file}`);
}
