/**
 * Checks of the application that `piloted register` runs before each heartbeat.
 *
 * @module
 */
import { connect } from "node:net";
import { checkAddress } from "../address.ts";
import { describeNetworkError } from "../describe_network_error.ts";
import type { CheckResult } from "../registration/options.ts";
import { startChildProcess } from "../runtime/child_process.ts";
import { UsageError } from "./usage_error.ts";

/** What the checks are, as options of the command. */
export interface ProbeOptions {
  /** URL that must respond with 2xx; 429 is a warning, as with Consul's own checks. */
  readonly checkHttp?: string | undefined;
  /** `port` or `host:port` that must accept a connection. */
  readonly checkTcp?: string | undefined;
  /** Command of a shell: 0 passes, 1 is a warning, as with Consul's own checks. */
  readonly checkCmd?: string | undefined;
}

type Probe = (signal: AbortSignal) => Promise<CheckResult>;

/** How much of a command's output is kept, in characters; the end says why it failed. */
const KEPT_CHARACTERS = 4_000;

/**
 * Joins the checks of the command line into one.
 *
 * @param options The checks.
 * @returns The check, which reports the worst of them; `undefined` when there is none.
 * @throws {UsageError} when a URL or an address is none.
 */
export function createProbe(options: ProbeOptions): Probe | undefined {
  const { checkHttp, checkTcp, checkCmd } = options;
  const probes = [
    checkHttp === undefined ? undefined : httpProbe(checkHttp),
    checkTcp === undefined ? undefined : tcpProbe(checkTcp),
    checkCmd === undefined ? undefined : commandProbe(checkCmd),
  ].filter((probe) => probe !== undefined);
  if (probes.length < 2) return probes[0];
  return async (signal) => {
    const results = await Promise.all(probes.map((probe) => settled(probe, signal)));
    return results.find(({ status }) => status === "critical") ??
      results.find(({ status }) => status === "warning");
  };
}

type Found = Exclude<CheckResult, string | boolean | void>;

async function settled(probe: Probe, signal: AbortSignal): Promise<Found> {
  try {
    const result = await probe(signal);
    return typeof result === "object" ? result : { status: "passing" };
  } catch (error) {
    return { status: "critical", output: (error as Error).message };
  }
}

function httpProbe(text: string): Probe {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(
      `Cannot use --check-http: it must be a URL such as http://127.0.0.1:8080/health, received ${text}`,
    );
  }
  return async (signal) => {
    const get = () => fetch(text, { signal, redirect: "manual" });
    // The server may have closed the connection of the check before, just as it was used again.
    const response = await get().catch(() => get()).catch((cause) => {
      signal.throwIfAborted();
      throw new Error(`GET ${text}: ${describeNetworkError(cause)}`, { cause });
    });
    await response.body?.cancel();
    const output = `GET ${text}: ${response.status} ${response.statusText}`.trimEnd();
    // A constant output while it passes: agents write every change to the servers.
    if (response.ok) return;
    return { status: response.status === 429 ? "warning" : "critical", output };
  };
}

function tcpProbe(text: string): Probe {
  const { host, port } = hostAndPort(text);
  return (signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const abort = () => socket.destroy(signal.reason as Error);
      socket.once("connect", () => {
        resolve();
        socket.destroy();
      });
      socket.once("error", (cause) => {
        reject(new Error(`connect to ${text}: ${describeNetworkError(cause)}`, { cause }));
      });
      socket.once("close", () => signal.removeEventListener("abort", abort));
      signal.addEventListener("abort", abort, { once: true });
    });
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, bracketed, name, digits] = /^(?:(?:\[(.+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? name ?? "127.0.0.1";
  const port = Number(digits);
  if (
    digits !== undefined && port > 0 && port < 65_536 && checkAddress(host).address !== undefined
  ) {
    return { host, port };
  }
  throw new UsageError(
    `Cannot use --check-tcp: it must be a port or host:port, received ${text}`,
  );
}

function commandProbe(command: string): Probe {
  return async (signal) => {
    let output = "";
    const decoder = new TextDecoder();
    const child = await startChildProcess(["/bin/sh", "-c", command], {
      // What the shell has started ends with it when the time is up.
      group: true,
      onOutput: (chunk) => {
        output = (output + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
      },
    });
    const kill = () => child.killGroup("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) kill();
    const { code, signal: killedBy } = await child.exited;
    signal.removeEventListener("abort", kill);
    signal.throwIfAborted();
    if (code === 0) return;
    const end = code === undefined ? `killed by ${killedBy}` : `exit ${code}`;
    const text = output.trim();
    return { status: code === 1 ? "warning" : "critical", output: text ? `${end}: ${text}` : end };
  };
}
