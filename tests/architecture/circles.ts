/**
 * Circles: files that import each other, directly or through others, types and dynamic imports
 * included.
 */
import type { Module } from "./read_module.ts";
import { resolveImport } from "./rules.ts";

/**
 * Finds the circles among some files.
 *
 * @param modules Every file by path.
 * @returns One line for each import that closes a circle: the shortest way back to where it began.
 */
export function circleFaults(modules: ReadonlyMap<string, Module>): string[] {
  const circles = new Map<string, string[]>();
  for (const path of modules.keys()) {
    const circle = shortestCircle(path, modules);
    // The same circle is found from each of its files.
    const key = circle && [...circle].sort().join();
    if (key !== undefined && !circles.has(key)) circles.set(key, circle!);
  }
  return [...circles.values()].map((circle) => [...circle, circle[0]].join(" -> "));
}

// Breadth first, so that the first way back is the shortest.
function shortestCircle(
  start: string,
  modules: ReadonlyMap<string, Module>,
): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const target of targetsOf(path, modules)) {
      if (target === start) return wayTo(path, start, cameFrom);
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, path);
      queue.push(target);
    }
  }
  return undefined;
}

function targetsOf(path: string, modules: ReadonlyMap<string, Module>): string[] {
  const targets = (modules.get(path)?.imports ?? [])
    .map(({ specifier }) => specifier === undefined ? undefined : resolveImport(path, specifier));
  return targets.filter((target) => target !== undefined && modules.has(target)) as string[];
}

function wayTo(path: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [path];
  while (way[0] !== start) way.unshift(cameFrom.get(way[0]!)!);
  return way;
}
