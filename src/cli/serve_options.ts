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
  const { help, host, port, config, dev } = parse(args);
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
  return { host, port: Number(port), config, dev };
}

interface Values {
  help: boolean;
  host: string;
  port: string;
  config?: string;
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
        dev: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot read the command line: ${why}`, { cause });
  }
}
