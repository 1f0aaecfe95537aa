/** serve.ts as a real child process on the runtime that runs the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../serve.ts", import.meta.url));

export interface ServeProcess {
  readonly pid: number;
  /** Resolves with the nth line of either output that contains the text, also one of the past. */
  line(text: string, nth?: number): Promise<string>;
  /** Exit code and signal, and everything that was printed. */
  readonly ended: Promise<{ code: number | null; signal: string | null; output: string }>;
}

function runtimeArguments(permissions: readonly string[]): string[] {
  if ("Deno" in globalThis) return ["run", ...permissions, "--no-check", script];
  return "Bun" in globalThis ? ["run", script] : ["--import", "tsx", script];
}

/** Starts it. The environment has no setting of the developer's own ContainerPilot or Consul. */
export function startServe(
  args: readonly string[],
  env: Record<string, string> = {},
  permissions: readonly string[] = ["-A"],
): ServeProcess {
  const own = Object.entries(process.env).filter(([name]) =>
    !/^(CONTAINERPILOT|CONSUL_|PILOTED_)/.test(name)
  );
  const child = spawn(process.execPath, [...runtimeArguments(permissions), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Object.fromEntries(own), NO_COLOR: "1", ...env },
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of [...waiting]) check();
  };
  let over = false;
  const outputs = [child.stdout, child.stderr].map((stream) => {
    const reader = createInterface({ input: stream });
    reader.on("line", (line) => {
      lines.push(line);
      wake();
    });
    return once(reader, "close");
  });
  const ended = (async () => {
    const [[code, signal]] = await Promise.all([once(child, "exit"), ...outputs]);
    over = true;
    wake();
    return { code, signal, output: lines.join("\n") };
  })();
  return {
    pid: child.pid!,
    ended,
    line: (text, nth = 1) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.filter((line) => line.includes(text))[nth - 1];
          if (found === undefined && !over) return;
          waiting.delete(check);
          if (found !== undefined) resolve(found);
          else reject(new Error(`It ended without a line "${text}":\n${lines.join("\n")}`));
        };
        waiting.add(check);
        check();
      }),
  };
}

/** Waits until it listens. */
export async function urlOf(serve: ServeProcess): Promise<string> {
  return (await serve.line("Listening on ")).split(" ").at(-1)!;
}

/** Sends a signal. Not child.kill(): Deno's closes the pipes, whatever the signal. */
export function send(serve: ServeProcess, signal: "SIGHUP" | "SIGINT" | "SIGTERM"): void {
  process.kill(serve.pid, signal);
}
