/** A supervisor inside the test's process, with a configuration that a test can change. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { parseSupervisorConfig, type SupervisorConfig } from "../../src/config/load_supervisor.ts";
import { withProgram } from "../../src/supervisor/main_job.ts";
import { Supervisor, type SupervisorEnd } from "../../src/supervisor/supervisor.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { waitUntil } from "../support/wait_until.ts";

/** A program that runs until it is asked to end. */
export const LOOP = "while :; do sleep 0.05; done";

/** A command for a shell. */
export const sh = (script: string): string[] => ["sh", "-c", script];

/** What a test works with. */
export interface RunningSupervisor {
  readonly supervisor: Supervisor;
  readonly consul: string;
  readonly folder: string;
  readonly ended: Promise<SupervisorEnd>;
  /** Its log so far. */
  log(): string;
  /** Waits until its log matches. */
  logs(pattern: RegExp): Promise<void>;
  /** What the agent has: `/v1/agent/services` or `/v1/agent/checks`. */
  agent(path: string): Promise<Record<string, Record<string, unknown>>>;
  /** Replaces the configuration and reads it again. */
  reload(content: Record<string, unknown>): Promise<void>;
  /** A request to the control socket: status and body. */
  control(path: string, body?: string, method?: string): Promise<[status: number, body: string]>;
  /** Content of a file in the folder. */
  read(name: string): Promise<string>;
}

/** Options of {@linkcode runSupervisor}. */
export interface RunOptions {
  /** Address of a Consul. @default {an embedded one} */
  readonly consul?: string;
  /** The program after `--`. */
  readonly command?: readonly [string, ...string[]];
  /** Name of the main job. */
  readonly main?: string;
  /** Time between deregistration and the end, in milliseconds. @default {0} */
  readonly drainMs?: number;
  /** How long to wait for the first lists, in milliseconds. @default {1_000} */
  readonly firstListsMs?: number;
}

/** Runs a supervisor and stops it after the test. */
export async function runSupervisor(
  content: Record<string, unknown>,
  test: (running: RunningSupervisor) => Promise<void>,
  options: RunOptions = {},
): Promise<void> {
  await using embedded = options.consul === undefined ? new EmbeddedConsul() : undefined;
  const url = options.consul ?? (await embedded!.listen()).url;
  await withTemporaryFolder(async (folder) => {
    const socket = join(folder, "control.socket");
    let log = "";
    let current = content;
    let main = options.main;
    const load = async (variables: Readonly<Record<string, string>>): Promise<SupervisorConfig> => {
      const text = JSON.stringify({
        consul: url.replace("http://", ""),
        control: { socket },
        stopTimeout: 2,
        ...current,
      });
      const env = { ...process.env, ...variables };
      const context = { template: env, consul: {}, missing: undefined };
      const config = await parseSupervisorConfig(text, context, "app.json5");
      if (options.command === undefined) return config;
      const beside = withProgram(config, options.command, options.main);
      main = beside.main;
      return beside.config;
    };
    const config = await load({});
    const supervisor = new Supervisor(config, {
      env: { ...process.env, FOLDER: folder, SOCKET: socket },
      pid: process.pid,
      version: "1.2.3",
      write: (text) => log += text,
      main,
      drainMs: options.drainMs ?? 0,
      firstListsMs: options.firstListsMs ?? 1_000,
      load,
    });
    const ended = supervisor.run();
    ended.catch(() => {});
    const control: RunningSupervisor["control"] = (path, body = "", method = "POST") =>
      controlRequest(socket, path, body, method);
    try {
      await test({
        supervisor,
        consul: url,
        folder,
        ended,
        control,
        log: () => log,
        async logs(pattern) {
          try {
            await waitUntil(() => pattern.test(log));
          } catch {
            throw new Error(`${pattern} is not in the log:\n${log}`);
          }
        },
        agent: async (path) => await (await fetch(`${url}/v1/agent/${path}`)).json(),
        async reload(next) {
          current = next;
          await supervisor.reload();
        },
        read: (name) => readFile(join(folder, name), "utf8"),
      });
    } finally {
      for (let i = 0; i < 3; i++) supervisor.signal("SIGTERM");
      await ended.catch(() => {});
    }
  });
}

/** Sends a request to a control socket. */
export async function controlRequest(
  socketPath: string,
  path: string,
  body = "",
  method = "POST",
): Promise<[status: number, body: string]> {
  const { request } = await import("node:http");
  return await new Promise((resolve, reject) => {
    const headers = { "content-length": new TextEncoder().encode(body).length };
    const sent = request({ socketPath, path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => text += part);
      response.once("end", () => resolve([response.statusCode!, text]));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
