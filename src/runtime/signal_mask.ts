import { readTextFile } from "./files.ts";

/**
 * Whether a process has a handler for SIGHUP, so that the signal does not end it. On Linux
 * `/proc/PID/status` says so (`SigCgt`, proc(5)); elsewhere nobody does.
 *
 * @param pid The process.
 * @returns Whether it has one; `undefined` where that is not known.
 */
export async function catchesHangup(pid: number): Promise<boolean | undefined> {
  try {
    const status = await readTextFile(`/proc/${pid}/status`);
    const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
    // The lowest bit is signal 1.
    return mask === undefined ? undefined : (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return undefined;
  }
}
