/** Collects garbage now, on Deno, Bun and Node without a flag. */
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

/** What the heap holds after garbage was collected, in bytes. */
export function usedHeap(): number {
  collect ??= find();
  collect();
  // Again, for what the first time only made ready to be collected.
  collect();
  return process.memoryUsage().heapUsed;
}
