/**
 * On what the figures were measured.
 *
 * @module
 */
import os from "node:os";
import { sleep } from "../../scripts/chaos/measure.ts";

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

/**
 * Measures what other programs do while this one waits.
 *
 * @param ms How long, in milliseconds.
 * @returns Processors in use.
 */
export async function otherWork(ms: number): Promise<number> {
  const before = processorTimes();
  await sleep(ms);
  const after = processorTimes();
  const all = after.all - before.all;
  const used = all === 0 ? 0 : (after.used - before.used) / all;
  return Number((used * os.availableParallelism()).toFixed(2));
}

/** Whether so much other work disturbs a measurement. */
export function isBusy(processorsInUse: number): boolean {
  return processorsInUse > 0.2;
}

function processorTimes(): { all: number; used: number } {
  let all = 0;
  let idle = 0;
  for (const { times } of os.cpus()) {
    all += Object.values(times).reduce((sum, time) => sum + time, 0);
    idle += times.idle;
  }
  return { all, used: all - idle };
}
