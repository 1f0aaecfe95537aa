/**
 * `piloted complete SHELL`, which prints a script for the shell, and `piloted complete -- WORDS...`,
 * which that script calls.
 *
 * @module
 */
import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import { loadConfig } from "../client/read_config.ts";
import { environment } from "../runtime/environment.ts";
import { UsageError } from "./usage_error.ts";

/** Shells that a script can be printed for. */
const SHELLS: readonly string[] = ["bash", "zsh", "fish", "powershell"];
const TAKES_NAMES: readonly string[] = ["lookup", "watch", "wait"];

/**
 * Completes a command line, or prints the script that does.
 *
 * @param program The program.
 * @param args What follows `complete`.
 * @throws {UsageError} when the shell is unknown.
 */
export async function complete(program: Command, args: readonly string[]): Promise<void> {
  const [first, ...words] = args;
  // Describes the command `complete` as well.
  const completion = tab(program);
  if (first !== "--") {
    if (first === undefined || !SHELLS.includes(first)) {
      throw new UsageError(
        `Cannot print a completion script: name a shell, one of ${SHELLS.join(", ")}`,
      );
    }
    completion.setup("piloted", "piloted", first);
    return;
  }
  const names = await watchedNames();
  for (const name of TAKES_NAMES) {
    for (const argument of completion.commands.get(name)?.arguments.values() ?? []) {
      argument.handler = (add) => names.forEach((service) => add(service, "service"));
    }
  }
  completion.parse(words);
}

// A configuration that is missing or invalid completes nothing: there is no place for its error.
async function watchedNames(): Promise<readonly string[]> {
  const path = environment({ quiet: true }).CONTAINERPILOT;
  if (!path) return [];
  try {
    return [...new Set((await loadConfig(path)).watches.map(({ name }) => name))];
  } catch {
    return [];
  }
}
