/**
 * A container's entrypoint without a container: `piloted exec` runs an application, registers it, and
 * tells it when the database comes and goes. Then SIGTERM ends everything in order.
 *
 *     deno task example:entrypoint
 *
 * In an image the same is
 *
 *     ENTRYPOINT ["tini", "--", "piloted", "exec", "/etc/containerpilot.json5"]
 *
 * Here an embedded Consul stands for the agent, and this program for whoever starts the container.
 */
import { EmbeddedConsul } from "@piloted/core/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
// `piloted` in an image; here the runtime that runs this program, with its own options.
const piloted = "Deno" in globalThis
  ? [process.execPath, "run", "-A", "--no-check", path("../cli.ts")]
  : [process.execPath, ...process.execArgv, path("../cli.ts")];

const consul = new EmbeddedConsul();
const agent = await consul.listen();
const folder = await mkdtemp(join(tmpdir(), "piloted-example-"));

const [program, ...args] = [...piloted, "exec", path("entrypoint.json5")];
const entrypoint = spawn(program!, args, {
  env: {
    ...process.env,
    CONSUL: agent.url.replace("http://", ""),
    SOCKET: join(folder, "control.socket"),
    READY: join(folder, "ready"),
    APP: path("entrypoint_app.mjs"),
  },
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = once(entrypoint, "exit");

let output = "";
entrypoint.stdout.setEncoding("utf8").on("data", (text: string) => {
  output += text;
  process.stdout.write(text);
});

/** Waits until the entrypoint has written something new. */
async function sees(pattern: RegExp): Promise<void> {
  while (!pattern.test(output)) {
    await once(entrypoint.stdout, "data", { signal: AbortSignal.timeout(30_000) });
  }
  output = output.slice(output.search(pattern) + 1);
}

try {
  await sees(/app is registered as/);
  console.log("--- the database comes");
  consul.register({ id: "db-1", name: "db", address: "10.0.0.5", port: 5432 });
  await sees(/db is at 10\.0\.0\.5:5432/);
  console.log("--- it moves");
  consul.register({ id: "db-1", name: "db", address: "10.0.0.6", port: 5432 });
  await sees(/db is at 10\.0\.0\.6:5432/);
  console.log("--- it goes");
  consul.deregister("db-1");
  await sees(/db is away/);
  console.log("--- the container is stopped");
  // Deno's child.kill() would take the signal for the end of the process.
  process.kill(entrypoint.pid!, "SIGTERM");
} finally {
  const [code] = await ended;
  console.log(`--- exit code ${code}, and Consul has ${await services()} services`);
  await consul.close();
  await rm(folder, { recursive: true, force: true });
}

async function services(): Promise<number> {
  return Object.keys(await (await fetch(`${agent.url}/v1/agent/services`)).json()).length;
}
