/**
 * Counting allocations by the function that makes them.
 *
 * @module
 */
import type { HeapProfiler } from "node:inspector";

/** Numbers, parts of strings and joints of two take up to so much: nothing of note. */
const SMALL_BYTES = 32;

/** What is allocated per run. */
export interface Allocations {
  /** Objects of more than 32 bytes: more than a number, or a part or joint of strings. */
  readonly objects: number;
  /** Bytes of everything. */
  readonly bytes: number;
}

/**
 * Counts what a function and all that it calls allocate, where the runtime is Node: with V8's
 * sampling heap profiler at an interval of one byte, which sees every allocation.
 *
 * @param runs How often it is called.
 * @param run The function.
 * @returns Allocations per run; `undefined` on other runtimes, or without `--expose-gc`.
 */
export async function countAllocations(
  runs: number,
  run: () => Promise<unknown>,
): Promise<Allocations | undefined> {
  const gc = (globalThis as { gc?: () => void }).gc;
  if (gc === undefined || "Deno" in globalThis || "Bun" in globalThis) return undefined;
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.enable");
  gc();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 1,
    // What the collector has taken counts, too.
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as HeapProfiler.StartSamplingParameterType);
  for (let i = 0; i < runs; i++) await run();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  // Not in everybody's types of Node's inspector.
  const { samples } = profile as unknown as { samples: { size: number }[] };
  return {
    objects: samples.filter(({ size }) => size > SMALL_BYTES).length / runs,
    bytes: samples.reduce((sum, { size }) => sum + size, 0) / runs,
  };
}
