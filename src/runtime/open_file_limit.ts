/**
 * How many files this process may open.
 *
 * @module
 */
import { readTextFile } from "./files.ts";

// What most systems allow, and where it can't be found out.
const USUAL_LIMIT = 1_024;
// Configuration, connections to Consul, modules that are loaded later.
const RESERVE = 64;

/**
 * How many connections a server can have open without taking the last files of the process.
 *
 * @returns Nine tenths of the limit on open files, and at least 64 fewer than it; 921 where the limit
 * can't be read.
 */
export async function connectionBudget(): Promise<number> {
  const limit = await openFileLimit() ?? USUAL_LIMIT;
  return Math.max(1, Math.min(Math.floor(limit * 0.9), limit - RESERVE));
}

async function openFileLimit(): Promise<number | undefined> {
  if (!mayRead()) return undefined;
  try {
    const limits = await readTextFile("/proc/self/limits");
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // No Linux, or not permitted.
    return undefined;
  }
}

interface Runtime {
  Deno?: {
    permissions: {
      querySync(descriptor: { name: "read"; path: string }): { readonly state: string };
    };
  };
}

// Deno would ask whoever started the program.
function mayRead(): boolean {
  const { Deno } = globalThis as unknown as Runtime;
  return Deno === undefined ||
    Deno.permissions.querySync({ name: "read", path: "/proc/self/limits" }).state === "granted";
}
