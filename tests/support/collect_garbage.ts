/** Runs the garbage collector on Deno, Bun and Node, without a command line flag. */
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

function find(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (bun !== undefined) return () => bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

/** Returns the size of the heap after a garbage collection, in bytes. */
export function usedHeap(): number {
  collect ??= find();
  collect();
  // Twice, because some objects are only released by the second run.
  collect();
  return process.memoryUsage().heapUsed;
}
