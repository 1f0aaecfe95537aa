/**
 * What is measured of this process and others, on Linux.
 *
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Milliseconds of processor time that a process has used. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Connections of this process to a port of this machine. */
export function connections(port: number): number {
  const own = new Set<string>();
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      own.add(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // Closed meanwhile.
    }
  }
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/self/net/tcp", "utf8").split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state, , , , , , inode]) =>
      remote?.endsWith(`:${hex}`) && state === "01" && own.has(`socket:[${inode}]`)
    ).length;
}

/** Open files and sockets of this process. */
export function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

/** The value below which that share of all lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** `p50 12 ms, p99 40 ms, most 44 ms (100)`. */
export function spread(values: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(0));
  return `p50 ${p50} ms, p99 ${p99} ms, most ${most} ms (${values.length})`;
}
