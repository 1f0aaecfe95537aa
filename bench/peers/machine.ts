/**
 * On what the figures were measured.
 *
 * @module
 */
import os from "node:os";

/** A machine. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGb: number;
  readonly system: string;
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? "unknown",
    cpus: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1e9),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  };
}

/** Processes that ran or wanted to, on average of the last minute. */
export function load(): number {
  return Number(os.loadavg()[0]!.toFixed(2));
}

/** Whether other work ran before a measurement: its own does not count yet. */
export function isBusy(loadBefore: number, { cpus }: Machine): boolean {
  return loadBefore > cpus / 4;
}
