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

const NOT_OURS = [".git", ".cache", "node_modules", "npm", "dist", "coverage"];

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
      const path = relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/");
      if (!path.split("/").some((part) => NOT_OURS.includes(part))) paths.push(path);
    }
  }
  const modules = new Map<string, Module>();
  for (const path of paths.sort()) {
    modules.set(path, readModule(path, await readFile(join(ROOT, path), "utf8")));
  }
  return modules;
}

/**
 * Every file and folder of the project, but those that are installed, built or fetched.
 *
 * @returns Paths from the root, with slashes.
 */
export async function readTree(): Promise<string[]> {
  const paths: string[] = [];
  const folders = [""];
  for (const folder of folders) {
    for (const entry of await readdir(join(ROOT, folder), { withFileTypes: true })) {
      if (NOT_OURS.includes(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      paths.push(path);
      if (entry.isDirectory()) folders.push(path);
    }
  }
  return paths.sort();
}

/**
 * Paths of the public doors: what the manifest exports.
 *
 * @returns Paths from the root, without `./`.
 */
export async function publicDoors(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(ROOT, "deno.json"), "utf8"));
  return Object.values<string>(exports).map((path) => path.replace("./", ""));
}
