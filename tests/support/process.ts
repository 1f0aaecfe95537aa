/**
 * Starts child processes from Deno, Bun and Node.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How a process ended: with an exit code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface StartOptions {
  cwd?: string;
  /** Variables in addition to those of this process; `undefined` removes one. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** A child process whose output is recorded. */
export interface Child {
  readonly pid: number;
  /** Resolves when it has ended and all its output was read. */
  readonly exited: Promise<Exit>;
  /** Returns its standard output so far. */
  stdout(): string;
  /** Returns its standard error so far. */
  stderr(): string;
  /** Sends a signal, unless the process has ended. */
  kill(signal?: string): void;
  /**
   * Waits until its standard output matches a pattern.
   *
   * @throws {Error} with all its output, when it ends or `timeoutMs` (30 s) expires before a match.
   */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Kills it if it is still running, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Starts a process without a shell. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Child {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  return observe(child, `${command} ${args.join(" ")}`);
}

function observe(child: ChildProcess, title: string): Child {
  let stdout = "";
  let stderr = "";
  let ended: Exit | undefined;
  const listeners = new Set<() => void>();
  const notify = () => listeners.forEach((listener) => listener());
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    notify();
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      ended = { code, signal };
      resolve(ended);
      notify();
    });
  });
  exited.catch(() => {});
  const kill = (signal = "SIGTERM") => {
    if (ended !== undefined || child.pid === undefined) return;
    try {
      // Not child.kill(), which on Deno sends one signal only.
      process.kill(child.pid, signal);
    } catch {
      // It has ended, and that has not been reported yet.
    }
  };
  return {
    pid: child.pid ?? -1,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    kill,
    waitFor(pattern, timeoutMs = 30_000) {
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          listeners.delete(check);
        };
        const fail = (why: string) => {
          end();
          reject(new Error(`${title} ${why} before ${pattern}:\n${stdout}\n${stderr}`));
        };
        const check = () => {
          const match = pattern.exec(stdout);
          if (match !== null) {
            end();
            resolve(match);
          } else if (ended !== undefined) {
            fail(`ended with ${ended.code ?? ended.signal}`);
          }
        };
        const timer = setTimeout(() => fail(`ran for ${timeoutMs} ms`), timeoutMs);
        exited.catch((error) => fail(`did not start (${error.message})`));
        listeners.add(check);
        check();
      });
    },
    async stop() {
      kill("SIGKILL");
      await exited.catch(() => {});
    },
  };
}

export type RuntimeName = "deno" | "bun" | "node";

/** The runtime that runs this test. */
export const currentRuntime: RuntimeName = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

const found = new Map<RuntimeName, Promise<string>>();

/**
 * Returns the path of a runtime's own binary, not of a wrapper, so that signals reach the program.
 *
 * @throws {Error} if this machine does not have the runtime.
 */
export function runtimeBinary(runtime: RuntimeName): Promise<string> {
  const known = found.get(runtime) ?? findRuntime(runtime);
  found.set(runtime, known);
  return known;
}

async function findRuntime(runtime: RuntimeName): Promise<string> {
  if (runtime === currentRuntime) return process.execPath;
  const script = runtime === "deno"
    ? "console.log(Deno.execPath())"
    : "console.log(process.execPath)";
  const local = `${ROOT}node_modules/.bin/${runtime}`;
  const attempts = [
    ...existsSync(local) ? [[local]] : [],
    [runtime],
    ...runtime === "deno" ? [["npx", "-y", "deno@2"]] : [],
  ];
  let cause: unknown;
  for (const [command, ...args] of attempts) {
    const evaluate = runtime === "deno" ? ["eval", script] : ["-e", script];
    try {
      const { stdout } = await run(command!, [...args, ...evaluate], { cwd: ROOT });
      return stdout.trim();
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`Cannot find the runtime: no ${runtime} on this machine`, { cause });
}

/** Runs a TypeScript file of this repository on a runtime, or a built module. */
export async function startScript(
  runtime: RuntimeName,
  file: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  // The compiler of TypeScript takes a second to start.
  const forNode = file.endsWith(".mjs") ? [] : ["--import", "tsx"];
  const before = { deno: ["run", "-A", "--no-check"], bun: [], node: forNode }[runtime];
  const binary = await runtimeBinary(runtime);
  return startProcess(binary, [...before, file, ...args], { cwd: ROOT, ...options });
}
