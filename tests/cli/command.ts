/** The command as a child process, and a Consul for it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Output } from "../../src/cli/output.ts";
import { runCommandLine } from "../../src/cli/run_command_line.ts";
import { EmbeddedConsul, type EmbeddedConsulOptions } from "../../src/testing/mod.ts";
import { type Child, currentRuntime, type Exit, startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { builtCommand } from "./built_command.ts";

/** Starts `piloted` without the developer's own settings of ContainerPilot and Consul. */
export async function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const foreign = Object.keys(process.env).filter((name) =>
    /^(CONTAINERPILOT|CONSUL_|PILOTED_|FORCE_COLOR)/.test(name)
  );
  const none = Object.fromEntries(foreign.map((name) => [name, undefined]));
  const script = await builtCommand();
  return await startScript(currentRuntime, script, args, {
    env: { ...none, NO_COLOR: "1", ...env },
  });
}

/** Sends a signal. Deno's own kill() takes the signal for how the process ended. */
export function send(child: Child, signal: string): void {
  process.kill(child.pid, signal);
}

/** What a command printed, and how it ended. */
export interface Result extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `piloted` to its end. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const child = await startCommand(args, env);
  const exit = await child.exited;
  return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
}

/** Runs `piloted` in this process, for what needs no process of its own. */
export async function runHere(args: readonly string[]): Promise<Omit<Result, "signal">> {
  const written = { stdout: "", stderr: "" };
  const record = (name: keyof typeof written): Output => ({
    write: (text) => void (written[name] += text),
    isTerminal: false,
    hasColors: false,
    size: () => ({ columns: 80, rows: 24 }),
  });
  const code = await runCommandLine(args, { stdout: record("stdout"), stderr: record("stderr") });
  return { code, ...written };
}

/** Runs a test with a Consul, and a file that watches `customers` and `orders` there. */
export async function withConsul(
  run: (setup: { consul: EmbeddedConsul; address: string; file: string }) => Promise<void>,
  options: EmbeddedConsulOptions = {},
): Promise<void> {
  await using consul = new EmbeddedConsul(options);
  const agent = await consul.listen();
  const address = agent.url.replace("http://", "");
  await withTemporaryFolder(async (folder) => {
    const file = join(folder, "containerpilot.json5");
    const watches = ["customers", "orders"].map((name) => ({ name, interval: 5 }));
    await writeFile(file, JSON.stringify({ consul: address, watches }));
    await run({ consul, address, file });
  });
}

/** Lines of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
