/**
 * The project's own files, parsed.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Module, readModule } from "./read_module.ts";

/** Folder of the project. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Parses every TypeScript file in some folders, and the doors in the root.
 *
 * @param folders Names of folders in the root; those that are not there are passed over.
 * @returns Modules by path from the root, with slashes.
 */
export async function readProject(folders: readonly string[]): Promise<Map<string, Module>> {
  const paths = (await readdir(ROOT)).filter((name) => name.endsWith(".ts"));
  for (const folder of folders.filter((folder) => existsSync(join(ROOT, folder)))) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
      paths.push(relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
    }
  }
  const modules = new Map<string, Module>();
  for (const path of paths.sort()) {
    modules.set(path, readModule(path, await readFile(join(ROOT, path), "utf8")));
  }
  return modules;
}
