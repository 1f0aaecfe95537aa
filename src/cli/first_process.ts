/**
 * The first process of a container. It has to wait for orphans, which no JavaScript runtime does: they
 * stay as zombies until the process table is full. tini does, so it takes over where it is installed.
 *
 * @module
 */
import { access, constants, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { Foreground } from "../supervisor/foreground.ts";
import type { SignalName } from "../runtime/signals.ts";
import type { EarlySignals } from "./early_signals.ts";
import { signalExitCode } from "./exit_codes.ts";
import type { Output } from "./output.ts";

// Where packages and `docker run --init` have it; the first in PATH counts before.
const FOLDERS = ["/sbin", "/usr/bin", "/usr/local/bin"];

/**
 * Starts this program again below tini, when this is the first process.
 *
 * @param signals Signals since the start of the process, which are passed on.
 * @param stderr Where it says that there is no tini.
 * @returns The exit code of tini, which is that of the program; `undefined` when this process has to
 * do the work itself.
 */
export async function runBelowTini(
  signals: EarlySignals,
  stderr: Output,
): Promise<number | undefined> {
  if (process.pid !== 1) return undefined;
  const tini = await findTini();
  if (tini === undefined) {
    stderr.write(
      "Warning: piloted is the first process of this container and there is no tini: processes that " +
        "lose their parent stay as zombies. Install tini, or use docker run --init\n",
    );
    return undefined;
  }
  const command = await ownCommand();
  const early: SignalName[] = [];
  signals.handOver((name) => early.push(name));
  // Only then tini is the first process itself. Signals would be lost, so that they come first.
  const { execve } = process as { execve?(file: string, args: readonly string[]): never };
  if (execve !== undefined && early.length === 0) execve(tini, ["tini", "--", ...command]);
  // -s: orphans below it are its own, although it is not the first process.
  const foreground = new Foreground([tini, "-s", "--", ...command], {
    early,
    env: () => process.env,
    terminal: process.stdin.isTTY === true,
  });
  const ended = foreground.run();
  // It listens by itself from here on.
  signals.handOver(() => {});
  const { code, signal } = await ended;
  return signal === undefined ? code ?? 0 : signalExitCode(signal);
}

async function findTini(): Promise<string | undefined> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...path, ...FOLDERS]) {
    const file = join(folder, "tini");
    const isThere = await access(file, constants.X_OK).then(() => true, () => false);
    if (isThere) return file;
  }
  return undefined;
}

// What the runtime was started with, its own options included.
async function ownCommand(): Promise<string[]> {
  const [, ...args] = (await readFile("/proc/self/cmdline", "utf8")).split("\0").slice(0, -1);
  return [process.execPath, ...args];
}
