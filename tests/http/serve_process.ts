/** serve.ts as a real child process on the runtime that runs the test. */
import process from "node:process";
import { type Child, currentRuntime, startScript } from "../support/process.ts";
import { waitUntil } from "../support/wait_until.ts";

/** Starts it without the developer's own settings of ContainerPilot and Consul. */
export function startServe(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Child> {
  const foreign = Object.keys(process.env).filter((name) =>
    /^(CONTAINERPILOT|CONSUL_|PILOTED_)/.test(name)
  );
  const none = Object.fromEntries(foreign.map((name) => [name, undefined]));
  return startScript(currentRuntime, "serve.ts", args, {
    env: { ...none, NO_COLOR: "1", ...env },
  });
}

/** Starts it, runs the test when it listens, and stops it. */
export async function serving(
  args: readonly string[],
  env: Record<string, string>,
  run: (serve: Child, url: string) => Promise<void>,
): Promise<void> {
  const serve = await startServe(args, env);
  try {
    const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
    await run(serve, url!);
  } finally {
    await serve.stop();
  }
}

/** Waits until its standard error holds that many matches. */
export async function logged(serve: Child, pattern: RegExp, times = 1): Promise<void> {
  const all = new RegExp(pattern, "gm");
  await waitUntil(() => [...serve.stderr().matchAll(all)].length >= times);
}

/** Sends a signal. Deno's own kill() would close the pipes, too. */
export function send(serve: Child, signal: "SIGHUP" | "SIGINT" | "SIGTERM"): void {
  process.kill(serve.pid, signal);
}
