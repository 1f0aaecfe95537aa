/**
 * A registrar for the Consul of a configuration.
 *
 * @module
 */
import type { ConsulConfig } from "../config/config.ts";
import type { Fetch } from "../platform_fetch.ts";
import { type Environment, environment } from "../runtime/environment.ts";
import { revealSecret } from "../secret.ts";
import { AgentServers } from "./agent_servers.ts";
import { Registrar, type RegistrarSetup } from "./registrar.ts";

/** What a registrar is connected with. */
export interface ConnectRegistrarOptions
  extends Omit<RegistrarSetup, "access" | "env" | "secrets" | "place"> {
  /** Where Consul is now. */
  readonly consul: () => ConsulConfig;
  /** Sends the requests. @default {the runtime's, with the configured TLS} */
  readonly fetch: Fetch | undefined;
  /** The environment. @default {the process's} */
  readonly env: Environment | undefined;
}

/**
 * Creates a registrar; nothing is sent yet.
 *
 * @param options Where Consul is, and what the registrar needs.
 */
export function connectRegistrar(options: ConnectRegistrarOptions): Registrar {
  const { consul, fetch, env = environment({ quiet: true }), ...setup } = options;
  const { clock, random } = setup;
  return new Registrar({
    ...setup,
    env,
    access: new AgentServers({ consul, fetch, clock, random }),
    place: consul,
    secrets: () => {
      const { token, httpAuth } = consul();
      return [revealSecret(token) ?? "", revealSecret(httpAuth)?.split(":")[1] ?? ""];
    },
  });
}
