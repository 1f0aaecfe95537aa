/**
 * Command line of `serve.ts`.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What the command line of `serve.ts` asks for. */
export interface ServeOptions {
  /** Address to listen on. */
  readonly host: string;
  /** TCP port to listen on; 0 takes any free one. */
  readonly port: number;
  /** Configuration file; `undefined` means the one that `$CONTAINERPILOT` names. */
  readonly config: string | undefined;
  /** File that holds the bearer token; `undefined` means `$PILOTED_TOKEN`, if any. */
  readonly tokenFile: string | undefined;
  /** Origins whose pages may read the answers. */
  readonly cors: readonly string[];
  /** Milliseconds that requests under way get to end when the process is asked to stop. */
  readonly graceMs: number;
  /** Whether each request is written down. */
  readonly accessLog: boolean;
  /** Whether an embedded Consul with sample services stands in for the configured one. */
  readonly dev: boolean;
}

/** The command line is not one that can be run. */
export class UsageError extends Error {
  override readonly name: "UsageError" = "UsageError";
}

/** What `--help` prints. */
export const SERVE_HELP = `Serve the endpoints of the services in containerpilot.json5 over HTTP.

Usage: serve.ts [options]

  --config <file>  configuration (default: the file that $CONTAINERPILOT names)
  --host <address> address to listen on (default: 127.0.0.1)
  --port <number>  port to listen on, 0 for any free one (default: 8080)
  --token-file <file>  file with the token that callers must have (default: $PILOTED_TOKEN)
  --cors <origin>  origin whose pages may read the answers; may be given more than once
  --grace <seconds>  time for requests under way when asked to stop (default: 10)
  --access-log     write each request as a line of JSON to the standard error
  --dev            run on sample services of an embedded Consul, without file and Consul
  --help           print this

SIGHUP reads every service again, SIGINT and SIGTERM stop.`;

/**
 * Reads the command line.
 *
 * @param args Arguments without program and script.
 * @returns What is asked for; `"help"` for `--help`.
 * @throws {UsageError} when an option is unknown or its value can't be used.
 */
export function parseServeArgs(args: readonly string[]): ServeOptions | "help" {
  const { help, host, port, config, dev, grace, ...values } = parse(args);
  if (help) return "help";
  if (dev && config !== undefined) {
    throw new UsageError("Cannot use --config with --dev: --dev brings its own configuration");
  }
  if (host === "") throw new UsageError("Cannot listen: --host is empty");
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(
      `Cannot listen: --port must be a number from 0 to 65535, received ${port}`,
    );
  }
  if (!/^\d{1,4}(\.\d+)?$/.test(grace)) {
    throw new UsageError(`Cannot stop: --grace must be a number of seconds, received ${grace}`);
  }
  return {
    host,
    port: Number(port),
    config,
    dev,
    tokenFile: values["token-file"],
    cors: values.cors,
    graceMs: Number(grace) * 1_000,
    accessLog: values["access-log"],
  };
}

interface Values {
  help: boolean;
  host: string;
  port: string;
  config?: string;
  "token-file"?: string;
  cors: string[];
  grace: string;
  "access-log": boolean;
  dev: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: "8080" },
        config: { type: "string" },
        "token-file": { type: "string" },
        cors: { type: "string", multiple: true, default: [] },
        grace: { type: "string", default: "10" },
        "access-log": { type: "boolean", default: false },
        dev: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot read the command line: ${why}`, { cause });
  }
}
