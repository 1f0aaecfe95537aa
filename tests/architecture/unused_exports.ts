/**
 * Exports that nobody imports: dead code, or an `export` too many.
 */
import type { Module } from "./read_module.ts";
import { resolveImport } from "./rules.ts";

/**
 * Finds exports in `src/` that no door shows and no other shipped file imports.
 *
 * A type may be exported because another export of the same file shows it, as the options of a
 * function do. What the file itself needs may be exported for a test; what only a test needs is
 * dead.
 *
 * @param modules Every file by path, those that are not shipped included.
 * @param doors Paths of the public doors, whose exports are for users.
 * @returns What is wrong, one line each.
 */
export function unusedExports(
  modules: ReadonlyMap<string, Module>,
  doors: readonly string[],
): string[] {
  const used = usedNames(modules);
  const faults: string[] = [];
  for (const { path, exports, shown, names } of modules.values()) {
    if (!path.startsWith("src/") || doors.includes(path)) continue;
    for (const { name, line, reexported } of exports) {
      if (shown.has(name) || used.shipped.has(`${path} ${name}`)) continue;
      const usedHere = !reexported && names.filter((one) => one.name === name).length > 1;
      const tested = used.elsewhere.has(`${path} ${name}`);
      if (usedHere && tested) continue;
      faults.push(`${path}:${line} exports ${name}, which ${reason(usedHere, tested)}`);
    }
  }
  return faults;
}

function reason(usedHere: boolean, tested: boolean): string {
  if (tested) return "only tests use";
  return usedHere ? "no other file imports" : "nobody uses";
}

function usedNames(
  modules: ReadonlyMap<string, Module>,
): { shipped: Set<string>; elsewhere: Set<string> } {
  const used = { shipped: new Set<string>(), elsewhere: new Set<string>() };
  for (const { path, imports } of modules.values()) {
    const names = path.startsWith("src/") || !path.includes("/") ? used.shipped : used.elsewhere;
    for (const { specifier, taken } of imports) {
      const target = specifier === undefined ? undefined : resolveImport(path, specifier);
      const found = target === undefined ? undefined : modules.get(target);
      if (found === undefined) continue;
      const all = taken.includes("*") ? found.exports.map(({ name }) => name) : taken;
      for (const name of all) names.add(`${target} ${name}`);
    }
  }
  return used;
}
