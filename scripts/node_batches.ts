/**
 * Runs several test files in one process on Node, which otherwise starts a process for each and
 * loads the same hundred modules every time: that took a third of its time.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FILES_OF_A_BATCH = 12;
// Rooms whose tests neither change the process, as signals do, nor measure it.
const ROOMS = [
  "access",
  "balance",
  "client",
  "config",
  "registration",
  "registry",
  "source",
  "template",
  "testing",
  "watch",
];

/**
 * Puts files of some rooms together.
 *
 * @param files Paths of test files.
 * @param name Tells the batches apart from those of other calls.
 * @returns Paths of the files to run: written ones, each importing up to 12 files, and the others.
 */
export async function nodeBatches(files: readonly string[], name: string): Promise<string[]> {
  const together = files.filter((file) => ROOMS.includes(/^\.\/tests\/(\w+)\//.exec(file)?.[1]!));
  const folder = join(ROOT, ".cache", "node_batches");
  await mkdir(folder, { recursive: true });
  const batches: string[] = [];
  for (let at = 0; at < together.length; at += FILES_OF_A_BATCH) {
    const imports = together.slice(at, at + FILES_OF_A_BATCH).map((file) =>
      `import ${JSON.stringify(pathToFileURL(resolve(ROOT, file)).href)};\n`
    );
    const batch = `${name}_${batches.length + 1}_test.mjs`;
    await writeFile(join(folder, batch), imports.join(""));
    batches.push(`./.cache/node_batches/${batch}`);
  }
  return [...files.filter((file) => !together.includes(file)), ...batches];
}
