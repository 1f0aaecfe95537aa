/**
 * Registering without watching anything.
 *
 * @module
 */
import { checkOptions, type OptionRule } from "../check_options.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type ConfigInput, resolveConfig } from "../config/resolve_config.ts";
import type { PilotedError } from "../errors.ts";
import type { Fetch } from "../platform_fetch.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import { type Environment, environment } from "../runtime/environment.ts";
import { connectRegistrar } from "./connect_registrar.ts";
import type { RegisterOptions } from "./options.ts";
import type { Registration } from "./registration.ts";

/** Options of {@linkcode createRegistration}: those of `register()` and where Consul is. */
export interface CreateRegistrationOptions extends RegisterOptions {
  /**
   * Where Consul is: a path, a `file:` URL, or an object; its watches are not read. Nothing means
   * `{}`: the address in `CONSUL_HTTP_ADDR` or `CONSUL_HOST`, else `127.0.0.1:8500`.
   */
  readonly config?: ConfigInput | undefined;
  /** Environment for the configuration and the address. @default {the process's} */
  readonly env?: Environment | undefined;
  /** Sends the requests to Consul. @default {the runtime's, with the configured TLS} */
  readonly fetch?: Fetch | undefined;
  /** Source of the time, for tests. @default {the system's} */
  readonly clock?: Clock | undefined;
  /** Random numbers in [0, 1), for tests. @default {Math.random} */
  readonly random?: (() => number) | undefined;
  /** Whether heartbeats keep the process alive until `close()`. @default {true} */
  readonly keepProcessAlive?: boolean | undefined;
  /** Called when state or health change. @default {undefined} */
  readonly onStatus?: ((status: RegistrationStatus) => void) | undefined;
  /** Called with the first failure of each kind in a row, and with each missed TTL. @default {undefined} */
  readonly onError?: ((error: PilotedError) => void) | undefined;
}

const RULES: Readonly<Record<string, OptionRule>> = {
  config: { type: "any" },
  env: { type: "object" },
  fetch: { type: "function" },
  clock: { type: "object" },
  random: { type: "function" },
  keepProcessAlive: { type: "boolean" },
  onStatus: { type: "function" },
  onError: { type: "function" },
};

/**
 * Registers this process without a client and watches. The heartbeats go on until `close()`,
 * whatever happens to Consul.
 *
 * @param options What is registered, and where.
 * @returns The handle, at once: `await registration.ready` to wait until others find it.
 * @throws {PilotedError} `CONFIG_NOT_FOUND`, `CONFIG_INVALID` or `TEMPLATE_INVALID` for the
 * configuration, `CONFIG_INVALID` when no interface has the address that was asked for.
 * @throws {TypeError} when an option is unknown, of another kind, or not one of its words.
 * @throws {RangeError} when an option is out of its range.
 */
export async function createRegistration(
  options: CreateRegistrationOptions,
): Promise<Registration> {
  const caller = "createRegistration()";
  const own = Object.entries(options ?? {}).filter(([key]) => Object.hasOwn(RULES, key));
  checkOptions(caller, Object.fromEntries(own), RULES);
  const { config: source, env = environment(), fetch, clock = systemClock, ...rest } = options;
  const { random = Math.random, keepProcessAlive = true, onStatus, onError, ...service } = rest;
  const { consul } = await resolveConfig(source ?? { consul: defaultAddress(env) }, { env });
  const registrar = connectRegistrar({
    consul: () => consul,
    fetch,
    clock,
    random,
    background: !keepProcessAlive,
    env,
    changed: (status) => quietly(() => onStatus?.(status)),
    failed: (error) => quietly(() => onError?.(error)),
    closeWhenEmpty: true,
  });
  return registrar.register(service, caller);
}

function defaultAddress(env: Environment): string | undefined {
  return env.CONSUL_HTTP_ADDR || env.CONSUL_HOST ? undefined : "127.0.0.1:8500";
}

// A callback that throws must not end the heartbeats.
function quietly(call: () => unknown): void {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(() => {});
  } catch {
    // There is nobody to tell.
  }
}
