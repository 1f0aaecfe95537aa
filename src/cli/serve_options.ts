/**
 * Command line of `serve.ts`.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { closest } from "../check_options.ts";
import { isValidHost } from "../http/host_check.ts";
import { UsageError } from "./usage_error.ts";

/** Options of `serve.ts`. */
export interface ServeOptions {
  /** Address to listen on. */
  readonly host: string;
  /** TCP port to listen on; 0 for any free one. */
  readonly port: number;
  /** Path of a unix socket to listen on instead of `host` and `port`; `undefined` for none. */
  readonly socket: string | undefined;
  /** Configuration file; `undefined` for the one in `$CONTAINERPILOT`. */
  readonly config: string | undefined;
  /** File with the bearer token; `undefined` for `$PILOTED_TOKEN`, if set. */
  readonly tokenFile: string | undefined;
  /** Origins whose pages may read the responses. */
  readonly cors: readonly string[];
  /** Names that the header `Host` may have; empty for any. */
  readonly allowedHosts: readonly string[];
  /** Maximum number of open connections; `undefined` for what the limit on open files allows. */
  readonly maxConnections: number | undefined;
  /** Milliseconds that requests in flight have to finish when the process stops. */
  readonly graceMs: number;
  /** Names of services that readiness does not wait for. */
  readonly readyWithout: readonly string[];
  /** Whether to log each request. */
  readonly accessLog: boolean;
  /** Name to register the lookup service under; `undefined` for not at all. */
  readonly register: string | undefined;
  /** Whether to use an embedded Consul with sample services instead of the configured one. */
  readonly dev: boolean;
}

/** Output of `--help`. */
export const SERVE_HELP = `Serve the endpoints of the services in containerpilot.json5 over HTTP.

Usage: serve.ts [options]

  --config <file>      configuration file (default: $CONTAINERPILOT)
  --host <address>     address to listen on (default: 127.0.0.1)
  --port <number>      port to listen on, 0 for any free port (default: 8080)
  --socket <path>      unix socket to listen on instead, for processes of the same user
  --token-file <file>  file with the bearer token that requests need (default: $PILOTED_TOKEN)
  --cors <origin>      origin whose pages may read the responses; repeat it for several origins
  --allowed-hosts <names>  names that requests may be addressed to, separated by commas (default: any)
  --max-connections <n>  open connections at a time (default: nine tenths of the open files allowed)
  --grace <seconds>    time for requests in flight to finish at shutdown (default: 10)
  --ready-without <n>  service that readiness does not wait for; repeat it for several services
  --register           register this service in Consul, and deregister it at shutdown
  --register-name <n>  name to register it under (default: piloted)
  --access-log         log each request as a line of JSON to standard error
  --dev                use sample services of an embedded Consul; needs no file and no Consul
  --help, -h           print this help

SIGHUP reads the file and every service again. SIGINT and SIGTERM shut down.
Set NO_COLOR to turn off colors.`;

/**
 * The options as the help describes them.
 *
 * @returns Flags such as `--port <number>`, and what they are for.
 */
export function serveOptionTexts(): (readonly [flags: string, description: string])[] {
  return [...SERVE_HELP.matchAll(/^ {2}(--\S+(?: <[^>]+>)?(?:, -\w)?) +(.+)$/gm)]
    .filter(([, flags]) => !flags!.includes("--help"))
    .map(([, flags, description]) => [flags!, description!] as const);
}

const OPTIONS = {
  help: { type: "boolean", short: "h", default: false },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8080" },
  socket: { type: "string" },
  config: { type: "string" },
  "token-file": { type: "string" },
  cors: { type: "string", multiple: true, default: [] as string[] },
  "allowed-hosts": { type: "string", multiple: true, default: [] as string[] },
  "max-connections": { type: "string" },
  grace: { type: "string", default: "10" },
  "ready-without": { type: "string", multiple: true, default: [] as string[] },
  "access-log": { type: "boolean", default: false },
  register: { type: "boolean", default: false },
  "register-name": { type: "string" },
  dev: { type: "boolean", default: false },
} satisfies ParseArgsConfig["options"];

/**
 * Parses the command line.
 *
 * @param args Arguments without program and script.
 * @returns The options; `"help"` for `--help`.
 * @throws {UsageError} when an option is unknown or its value is invalid.
 */
export function parseServeArgs(args: readonly string[]): ServeOptions | "help" {
  const { help, host, port, config, dev, grace, ...values } = parse(args);
  if (help) return "help";
  if (dev && config !== undefined) {
    throw new UsageError("Cannot use --config with --dev: --dev has its own configuration");
  }
  if (values.socket !== undefined) {
    if (values.socket === "") throw new UsageError("Cannot listen: --socket is empty");
    const other = ["--host", "--port", "--register"].find((name) =>
      args.some((arg) => arg === name || arg.startsWith(`${name}=`))
    );
    if (other !== undefined) {
      throw new UsageError(`Cannot use ${other} with --socket: a socket has no address and port`);
    }
  }
  if (host === "") throw new UsageError("Cannot listen: --host is empty");
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(
      `Cannot listen: --port must be a number from 0 to 65535, received ${port}`,
    );
  }
  if (!/^\d{1,4}(\.\d+)?$/.test(grace)) {
    throw new UsageError(`Cannot use --grace: it must be a number of seconds, received ${grace}`);
  }
  if (values["ready-without"].includes("")) {
    throw new UsageError("Cannot use --ready-without: the name of the service is empty");
  }
  const maxConnections = values["max-connections"];
  if (maxConnections !== undefined && !/^[1-9]\d{0,6}$/.test(maxConnections)) {
    throw new UsageError(
      `Cannot use --max-connections: it must be a positive number, received ${maxConnections}`,
    );
  }
  if (values["register-name"] !== undefined && !values.register) {
    throw new UsageError("Cannot use --register-name without --register");
  }
  if (values["register-name"] === "") {
    throw new UsageError("Cannot register: --register-name is empty");
  }
  return {
    host,
    port: Number(port),
    socket: values.socket,
    config,
    dev,
    tokenFile: values["token-file"],
    cors: values.cors,
    allowedHosts: values["allowed-hosts"].flatMap((names) => names.split(",")).map(checkedHost),
    maxConnections: maxConnections === undefined ? undefined : Number(maxConnections),
    graceMs: Number(grace) * 1_000,
    readyWithout: values["ready-without"],
    accessLog: values["access-log"],
    register: values.register ? values["register-name"] ?? "piloted" : undefined,
  };
}

function checkedHost(text: string): string {
  const name = text.trim();
  if (isValidHost(name)) return name;
  throw new UsageError(
    `Cannot use --allowed-hosts: it must be names such as discovery.internal or localhost:8080, received ${text}`,
  );
}

function parse(args: readonly string[]) {
  for (const arg of args) checkName(arg);
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot read the command line: ${why}`, { cause });
  }
}

// Before parseArgs(), whose message has no suggestion.
function checkName(arg: string): void {
  const [, name] = /^--([^=]+)/.exec(arg) ?? [];
  if (name === undefined || Object.hasOwn(OPTIONS, name)) return;
  const best = closest(name, Object.keys(OPTIONS));
  const hint = best === undefined ? "" : `. Did you mean --${best}?`;
  throw new UsageError(`Cannot use --${name}: there is no such option${hint}`);
}
