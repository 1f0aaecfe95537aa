/**
 * `piloted register NAME --port N`.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import { createRegistration } from "../registration/create_registration.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import { environment } from "../runtime/environment.ts";
import { onSignal } from "../runtime/signals.ts";
import { EXIT } from "./exit_codes.ts";
import { createProbe, type ProbeOptions } from "./health_probes.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Options of `piloted register`. */
export interface RegisterCommandOptions extends ProbeOptions {
  /** Port that the service listens on. */
  readonly port: number;
  /** Address; the default is that of `createRegistration()`. */
  readonly address?: string | undefined;
  /** ContainerPilot's rules that select the address. */
  readonly interface?: readonly string[] | undefined;
  /** Id of the instance. */
  readonly id?: string | undefined;
  /** Tags. */
  readonly tag?: readonly string[] | undefined;
  /** Metadata, each as `KEY=VALUE`. */
  readonly meta?: readonly string[] | undefined;
  /** Milliseconds between two heartbeats, and between two checks. */
  readonly intervalMs?: number | undefined;
  /** Milliseconds without a heartbeat after which Consul makes the instance critical. */
  readonly ttlMs?: number | undefined;
  /** Milliseconds between the removal from the catalog and the end. */
  readonly drainMs?: number | undefined;
  /** Configuration file, for where Consul is. */
  readonly config?: string | undefined;
  /** Address of Consul instead of the configuration's. */
  readonly consul?: string | undefined;
}

/**
 * Registers a service until SIGINT or SIGTERM, whatever happens to Consul. The id of the instance
 * goes to standard output when the catalog lists it; what happens goes to standard error.
 *
 * @param name Name of the service.
 * @param options Options.
 * @param outputs Where it writes.
 * @returns 0 after it was deregistered.
 * @throws {PilotedError} when the configuration is invalid.
 * @throws {UsageError} when an option is.
 */
export async function registerCommand(
  name: string,
  options: RegisterCommandOptions,
  { stdout, stderr }: { stdout: Output; stderr: Output },
): Promise<number> {
  const { intervalMs, ttlMs, drainMs } = options;
  const run = createProbe(options);
  const log = new StatusLog(stderr);
  const registration = await invalidIsUsage(
    createRegistration({
      name,
      port: options.port,
      ...given({
        address: options.address,
        interfaces: options.interface,
        id: options.id,
        tags: options.tag,
        meta: options.meta && metadata(options.meta),
        drainMs,
        config: source(options),
      }),
      check: given({ run, intervalMs, ttlMs }),
      onStatus: (status) => log.status(status),
      onError: (error) => log.error(error),
    }),
  );
  const stopped = new Promise<void>((resolve) => {
    const removals = (["SIGINT", "SIGTERM"] as const).map((signal) =>
      onSignal(signal, () => {
        // The second one ends the process at once.
        for (const remove of removals) remove();
        resolve();
      })
    );
  });
  void registration.ready.then(() => stdout.write(`${registration.status().id}\n`), () => {});
  await stopped;
  await registration.close();
  return EXIT.ok;
}

// One line for each change of state or health, and for each new failure.
class StatusLog {
  readonly #stderr: Output;
  #last = "";

  constructor(stderr: Output) {
    this.#stderr = stderr;
  }

  status({ service, id, state, health, output, reason }: RegistrationStatus): void {
    // While it stops, a failure before is history.
    if (state === "stopping" || state === "closed") {
      return this.#write(`${service} (${id}): ${state}`);
    }
    const why = reason ?? (health === "passing" ? undefined : output);
    const about = health === "passing" || state !== "registered" ? state : `${state}, ${health}`;
    this.#write(`${service} (${id}): ${about}${why ? `: ${why}` : ""}`);
  }

  error(error: Error): void {
    this.#write(`Warning: ${error.message}`);
  }

  #write(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    this.#stderr.write(`${line.replaceAll(/\s*\n\s*/g, " ")}\n`);
  }
}

function source({ config, consul }: RegisterCommandOptions) {
  if (consul !== undefined) return { consul };
  return config ?? (environment({ quiet: true }).CONTAINERPILOT || undefined);
}

function metadata(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new UsageError(`Cannot use --meta: it must be KEY=VALUE, received ${pair}`);
  }));
}

// An option that the library refuses was given on the command line.
async function invalidIsUsage<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof PilotedError || !isRefusal(error)) throw error;
    throw new UsageError(error.message.replace("createRegistration()", "piloted register"), {
      cause: error,
    });
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError;
}

function given<T extends object>(options: T): { [Key in keyof T]: NonNullable<T[Key]> } {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [Key in keyof T]: NonNullable<T[Key]> };
}
