/**
 * Real Redis and PostgreSQL servers for the tests of their plugs. Each listens on a free port of
 * 127.0.0.1 and ends with the test process at the latest.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, chown, mkdtemp, rename, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { CACHE } from "../../../scripts/debian_package.ts";
import { ensureServer, findServer, type ServerName } from "../../../scripts/get_servers.ts";
import { waitUntil } from "../../support/wait_until.ts";

const run = promisify(execFile);

// A second process kills the server if the test process ends without stopping it.
const SCRIPT = `
(
  while kill -0 $PPID && kill -0 $$; do sleep 1; done 2>/dev/null
  kill -0 $PPID 2>/dev/null || { kill -KILL $$ 2>/dev/null; rm -rf "$FOLDER"; }
) &
exec "$@" >>"$FOLDER/log" 2>&1
`;

/** The user "nobody", since PostgreSQL refuses to be run by root. */
const NOBODY = 65534;

/**
 * Why the tests of a server cannot run here; `false` if there is one. With `CI=true` it is
 * downloaded, because nobody would notice skipped tests there.
 */
export async function skipWithoutServer(name: ServerName): Promise<string | false> {
  if (process.env.CI === "true") await ensureServer(name);
  return await findServer(name) === undefined ? `no ${name}: run scripts/get_servers.ts` : false;
}

/** A server that was started. */
export class ServerProcess {
  readonly name: ServerName;
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  private constructor(name: ServerName, port: number, folder: string) {
    this.name = name;
    this.port = port;
    this.#folder = folder;
  }

  /** Starts a server on a free port, with no data. */
  static async start(name: ServerName): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), `piloted-${name}-`));
    if (isRoot()) await chown(folder, NOBODY, NOBODY);
    if (name === "postgres") {
      await asOrdinaryUser("cp", ["-R", await emptyCluster(), join(folder, "data")]);
    }
    const server = new ServerProcess(name, await freePort(), folder);
    await server.start();
    return server;
  }

  /** Starts it again on its port, with its data, and waits until it listens. */
  async start(): Promise<void> {
    const binary = await ensureServer(this.name);
    const [command, ...args] = ordinary(binary, argumentsOf(this.name, this.port, this.#folder));
    const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", command!, ...args], {
      env: { ...process.env, FOLDER: this.#folder },
      stdio: "ignore",
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("exit", () => resolve()));
    await waitUntil(() => answers(this.name, this.port));
  }

  /** Sends it a signal and waits until it has ended. */
  async stop(signal = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined) return;
    process.kill(child.pid, signal);
    await this.#exited;
  }

  /** Ends it and removes its files. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function argumentsOf(name: ServerName, port: number, folder: string): string[] {
  if (name === "redis") {
    return ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  }
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    fsync: "off",
    shared_buffers: "1MB",
    max_connections: 30,
  };
  const words = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  return ["-D", join(folder, "data"), ...words];
}

// initdb takes seconds, copying what it wrote does not.
async function emptyCluster(): Promise<string> {
  const cluster = join(CACHE, "postgres-cluster", "data");
  const exists = () => access(dirname(cluster)).then(() => true, () => false);
  if (await exists()) return cluster;
  const folder = await mkdtemp(join(CACHE, "cluster-"));
  try {
    if (isRoot()) await chown(folder, NOBODY, NOBODY);
    const initdb = join(dirname(await ensureServer("postgres")), "initdb");
    const options = ["--auth=trust", "--username=app", "--no-sync", "--wal-segsize=1"];
    await asOrdinaryUser(initdb, [...options, "--encoding=UTF8", "-D", join(folder, "data")]);
    await rename(folder, dirname(cluster)).catch(async (error) => {
      if (!await exists()) throw error;
    });
    return cluster;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function asOrdinaryUser(command: string, args: readonly string[]): Promise<void> {
  const [first, ...rest] = ordinary(command, args);
  await run(first!, rest, { cwd: tmpdir() });
}

function ordinary(command: string, args: readonly string[]): string[] {
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return [...isRoot() ? ["setpriv", ...user] : [], command, ...args];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether a server accepts queries. */
function answers(name: ServerName, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(GREETINGS[name].request));
    let reply = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      reply += text;
      if (reply.includes(GREETINGS[name].reply)) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(reply.includes(GREETINGS[name].reply)));
  });
}

// PostgreSQL answers a start message, with the length before it, by "ready for query".
const START = "\0\x03\0\0user\0app\0database\0postgres\0\0";
const GREETINGS = {
  redis: { request: "PING\r\n", reply: "+PONG" },
  postgres: {
    request: `\0\0\0${String.fromCharCode(START.length + 4)}${START}`,
    reply: "Z\0\0\0\x05I",
  },
} as const;
