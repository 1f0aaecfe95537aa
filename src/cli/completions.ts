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
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Shells that a script can be printed for. */
const SHELLS: readonly string[] = ["bash", "zsh", "fish", "powershell"];
const TAKES_NAMES: readonly string[] = ["lookup", "watch", "wait"];

// The script needs a function of the package bash-completion, which small images lack, and its read-only
// variables make a second `source ~/.bashrc` fail.
const BEFORE_BASH = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        cur=\${COMP_WORDS[COMP_CWORD]}
        prev=\${COMP_WORDS[COMP_CWORD - 1]}
        words=("\${COMP_WORDS[@]}")
        cword=$COMP_CWORD
    }
fi
if ! declare -F __piloted_complete >/dev/null; then
`;
const AFTER_BASH = "fi\n";

/**
 * Completes a command line, or prints the script that does.
 *
 * @param program The program.
 * @param args What follows `complete`.
 * @param stdout Where the script goes.
 * @throws {UsageError} when the shell is unknown.
 */
export async function complete(
  program: Command,
  args: readonly string[],
  stdout: Output,
): Promise<void> {
  const [first, ...words] = args;
  // Describes the command `complete` as well.
  const completion = tab(program);
  if (first !== "--") {
    if (first === undefined || !SHELLS.includes(first)) {
      throw new UsageError(
        `Cannot print a completion script: name a shell, one of ${SHELLS.join(", ")}`,
      );
    }
    if (first === "bash") stdout.write(BEFORE_BASH);
    completion.setup("piloted", "piloted", first);
    if (first === "bash") stdout.write(AFTER_BASH);
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
