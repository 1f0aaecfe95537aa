/**
 * Measures in a process of its own, which prints its figures as one line of JSON at the end.
 *
 * @module
 */
import { type RuntimeName, startScript } from "../../tests/support/process.ts";

/** Runs a file of `processes/` and returns what it printed. */
export async function runProcess<T>(
  file: string,
  args: readonly (string | number)[] = [],
  runtime: RuntimeName = "node",
): Promise<T> {
  const child = await startScript(runtime, `bench/peers/processes/${file}`, args.map(String));
  const { code, signal } = await child.exited;
  const line = child.stdout().trim().split("\n").at(-1)!;
  if (code !== 0 || line === "") {
    throw new Error(`Cannot measure: ${file} ended with ${code ?? signal}\n${child.stderr()}`);
  }
  return JSON.parse(line) as T;
}

/** Figures of each peer, one for each round. */
export type FiguresByPeer = Record<string, number[]>;
