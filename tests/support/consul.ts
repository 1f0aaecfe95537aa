/**
 * Starts and stops real Consul agents for the live tests.
 *
 * Agents listen on free ports of 127.0.0.1 and keep their files in a temporary folder. They end with
 * the test process at the latest, however that process ends.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ensureConsul, findConsul } from "../../scripts/get_consul.ts";
import { atLeast } from "../contracts/consul_facts.ts";
import { type ConsulPorts, freePorts } from "./consul_ports.ts";
import type { Certificates } from "./consul_tls.ts";
import { waitUntil } from "./wait_until.ts";

export interface ConsulOptions {
  /** Enables ACLs with the policy "deny"; `Consul.token` may do everything. */
  acl?: boolean;
  /** A server, or a client agent that joins servers. @default {true} */
  server?: boolean;
  /** Keeps its data in a folder, so that it can be killed and restarted. @default {false} */
  persistent?: boolean;
  /** `host:port` of the serf LAN addresses to join. */
  retryJoin?: readonly string[];
  /** Number of servers that elect the first leader. @default {1} */
  bootstrapExpect?: number;
  /** Serves HTTPS in addition to HTTP, and requires client certificates. */
  tls?: Certificates;
  /** Answers DNS queries on `ports.dns`. @default {false} */
  dns?: boolean;
  /** Name of its node. @default {"consul-<http port>"} */
  node?: string;
  /** Name of its datacenter. @default {"dc1"} */
  datacenter?: string;
  /** Further Consul configuration, which overrides the above. */
  config?: Readonly<Record<string, unknown>>;
  /** Whether to wait until it has a leader and accepts writes. @default {true} */
  ready?: boolean;
}

const run = promisify(execFile);

const TOKEN = "11111111-2222-4333-8444-555555555555";
const ATTEMPTS = 5;

// Runs Consul with its log in a file, so that no pipe is open when the sanitizers check. A second
// process kills Consul if the test process ends without stopping it, by a signal or a failed test.
const SCRIPT = `
(
  while kill -0 $PPID && kill -0 $$; do sleep 1; done 2>/dev/null
  kill -0 $PPID 2>/dev/null || { kill -KILL $$ 2>/dev/null; rm -rf "$FOLDER"; }
) &
exec "$@" >>"$FOLDER/consul.log" 2>&1
`;

/**
 * Returns why the live tests cannot run here, for `test(name, { skip }, fn)`.
 *
 * @returns The reason, or `false` if there is a Consul.
 * @throws {Error} with `CI=true` if there is none, because nobody would notice skipped tests there.
 */
export async function skipWithoutConsul(): Promise<string | false> {
  if (process.env.CI === "true") {
    await ensureConsul();
    return false;
  }
  return await findConsul() === undefined ? "no Consul here: run scripts/get_consul.ts" : false;
}

/**
 * Returns the version of the Consul that the live tests use, such as "1.8.7". Prints it once, because
 * `$CONSUL_BIN` or `PATH` may have another one than Debian's.
 */
export function consulVersion(): Promise<string> {
  return found ??= readVersion();
}

let found: Promise<string> | undefined;

async function readVersion(): Promise<string> {
  const binary = await ensureConsul();
  const { stdout } = await run(binary, ["version"]);
  const version = /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`Cannot read the version of ${binary}: ${stdout}`);
  console.log(`Live tests use Consul ${version}: ${binary}`);
  return version;
}

/** A running Consul agent. */
export class Consul {
  readonly node: string;
  readonly datacenter: string;
  /** The token that may do everything, if ACLs are enabled. */
  readonly token: string | undefined;
  readonly ports: ConsulPorts;
  readonly #folder: string;
  readonly #options: ConsulOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  /** Use {@linkcode startConsul}. */
  constructor(options: ConsulOptions, ports: ConsulPorts, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.ports = ports;
    this.node = options.node ?? `consul-${ports.http}`;
    this.datacenter = options.datacenter ?? "dc1";
    this.token = options.acl ? TOKEN : undefined;
  }

  /** `http://127.0.0.1:port`. */
  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  /** `https://127.0.0.1:port`, with the option `tls`. */
  get httpsUrl(): string {
    return `https://127.0.0.1:${this.ports.https}`;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** Serf address for other agents to join. */
  get serf(): string {
    return `127.0.0.1:${this.ports.serf_lan}`;
  }

  /** Sends a signal: `SIGKILL`, `SIGSTOP`, `SIGCONT`, ... */
  kill(signal: string): void {
    // Not child.kill(), which on Deno sends one signal only.
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It has ended, and that has not been reported yet.
    }
  }

  /** Waits until the process has ended. */
  async ended(): Promise<void> {
    this.#child?.ref();
    await this.#exited;
  }

  /** Sends a request with the agent's token. Throws if there is no response within `timeoutMs`. */
  async request(path: string, init: RequestInit = {}, timeoutMs = 5_000): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.token !== undefined) headers.set("X-Consul-Token", this.token);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`No answer to ${path}`)), timeoutMs);
    try {
      const answer = await fetch(`${this.url}${path}`, { ...init, headers, signal: abort.signal });
      // The body is read here, so that the deadline covers it and it is never left open.
      const body = await answer.arrayBuffer();
      return new Response(body.byteLength === 0 ? null : body, {
        status: answer.status,
        headers: answer.headers,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends JSON by PUT. Throws unless the response is a success. */
  async put(path: string, body?: unknown): Promise<void> {
    const response = await this.request(path, {
      method: "PUT",
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    if (!response.ok) {
      throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
    }
  }

  /** Reads JSON. Throws unless the response is a success. */
  async get<T>(path: string): Promise<T> {
    const response = await this.request(path);
    if (!response.ok) {
      throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    }
    return await response.json() as T;
  }

  /** Starts the process with its previous ports and data. */
  async start(): Promise<void> {
    const binary = await ensureConsul();
    const data = join(this.#folder, "data");
    await mkdir(data, { recursive: true });
    const config = join(this.#folder, "config.json");
    await writeFile(config, JSON.stringify(this.#config(data, await consulVersion())));
    const dev = this.#options.persistent || this.#options.server === false ? [] : ["-dev"];
    const args = [binary, "agent", ...dev, `-config-file=${config}`];
    const child = spawn("sh", ["-c", SCRIPT, "sh", ...args], {
      stdio: "ignore",
      env: { ...process.env, FOLDER: this.#folder },
    });
    child.unref();
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("exit", () => resolve()));
    if (this.#options.ready ?? true) await this.ready();
  }

  /** Waits until it knows a leader, its node is in the catalog and writes are accepted. */
  async ready(timeoutMs = 30_000): Promise<void> {
    let ended = false;
    void this.#exited.then(() => ended = true);
    await waitUntil(async () => {
      if (ended) throw new Error(`Consul ended: ${await this.log()}`);
      const leader = await this.request("/v1/status/leader", {}, 1_000);
      if (!leader.ok || await leader.json() === "") return false;
      const node = await this.request(`/v1/catalog/node/${this.node}`, {}, 1_000);
      if (!node.ok || await node.json() === null) return false;
      const key = `piloted/ready/${this.node}`;
      const write = await this.request(`/v1/kv/${key}`, { method: "PUT", body: "1" }, 1_000);
      return write.ok && await write.json() === true;
    }, timeoutMs).catch(async (error) => {
      throw new Error(`Consul is not ready: ${error.message}\n${await this.log()}`);
    });
  }

  /**
   * Starts it again after it ended.
   *
   * @param options `wipe` empties its data folder first.
   */
  async restart(options: { wipe?: boolean } = {}): Promise<void> {
    this.kill("SIGKILL");
    await this.ended();
    if (options.wipe) await rm(join(this.#folder, "data"), { recursive: true, force: true });
    await this.start();
  }

  /** Kills it and removes its files. Idempotent. */
  async stop(): Promise<void> {
    this.kill("SIGKILL");
    await this.ended();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Returns the last lines of its log. */
  async log(): Promise<string> {
    const text = await readFile(this.#log, "utf8").catch(() => "");
    return text.split("\n").slice(-30).join("\n");
  }

  get #log(): string {
    return join(this.#folder, "consul.log");
  }

  #config(data: string, version: string): Record<string, unknown> {
    const { server = true, bootstrapExpect, retryJoin, tls, acl, persistent } = this.#options;
    return {
      node_name: this.node,
      datacenter: this.datacenter,
      bind_addr: "127.0.0.1",
      client_addr: "127.0.0.1",
      ports: {
        ...this.ports,
        https: tls ? this.ports.https : -1,
        dns: this.#options.dns ? this.ports.dns : -1,
        grpc: -1,
      },
      disable_update_check: true,
      log_level: "info",
      server,
      ...server && persistent ? { bootstrap_expect: bootstrapExpect ?? 1 } : {},
      ...persistent || !server ? { data_dir: data } : {},
      ...retryJoin ? { retry_join: retryJoin, retry_interval: "1s" } : {},
      // The value recommended for production. The default is five times slower.
      performance: { raft_multiplier: 1 },
      ...tls ? tlsConfig(tls, version) : {},
      ...acl
        ? {
          acl: {
            enabled: true,
            default_policy: "deny",
            tokens: {
              // Renamed in 1.11: "upgrade/version-specific" of Consul's documentation.
              [atLeast(version, "1.11") ? "initial_management" : "master"]: TOKEN,
              agent: TOKEN,
            },
          },
        }
        : {},
      ...this.#options.config,
    };
  }
}

// Moved to a block of its own in 1.12: "agent/config/config-files" of Consul's documentation.
function tlsConfig(tls: Certificates, version: string): Record<string, unknown> {
  const files = { ca_file: tls.ca, cert_file: tls.serverCert, key_file: tls.serverKey };
  const all = { ...files, verify_incoming: true };
  return atLeast(version, "1.12") ? { tls: { defaults: all } } : all;
}

/**
 * Starts an agent, by default a development server.
 *
 * @param options Kind of agent.
 * @returns The agent, when it is ready.
 * @throws {Error} with the end of its log if it does not become ready.
 */
export async function startConsul(options: ConsulOptions = {}): Promise<Consul> {
  for (let attempt = 1;; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), "piloted-consul-"));
    const consul = new Consul(options, await freePorts(), folder);
    try {
      await consul.start();
      return consul;
    } catch (error) {
      const taken = /address already in use/.test(String(error));
      await consul.stop();
      // Another process took one of the ports before Consul did.
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}
