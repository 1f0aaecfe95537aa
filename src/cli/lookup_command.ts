/**
 * `piloted lookup NAME`.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { formatHost } from "../endpoint.ts";
import { CommandError, EXIT } from "./exit_codes.ts";
import { endpointFacts, jsonLine } from "./json_line.ts";
import type { Output } from "./output.ts";
import { findTarget, nameHint, openClient, type RegistryOptions } from "./registry_client.ts";

/** Options of `piloted lookup`. */
export interface LookupOptions extends RegistryOptions {
  /** Every endpoint instead of one. */
  readonly all?: boolean | undefined;
  /** JSON instead of `host:port`. */
  readonly json?: boolean | undefined;
}

/**
 * Writes one endpoint of a service, or all of them, one per line.
 *
 * @param name Name of the service.
 * @param options Options.
 * @param stdout Where the answer goes.
 * @returns 0.
 * @throws {CommandError} when there is no endpoint.
 * @throws {PilotedError} when the configuration is invalid or Consul gives no list.
 */
export async function lookupCommand(
  name: string,
  options: LookupOptions,
  stdout: Output,
): Promise<number> {
  const target = await findTarget([name], options);
  // Each call is a new process, whose rotation would always begin with the same endpoint.
  await using piloted = await openClient(target, { mode: "on-demand", balancer: "random" });
  await piloted.load(name);
  const endpoints = options.all
    ? piloted.serviceHosts(name)
    : piloted.serviceHosts(name).slice(0, 1);
  if (endpoints.length === 0) {
    const { watches, reason } = piloted.status(name);
    const failure = watches.find(({ error }) => error !== undefined)?.error;
    if (failure !== undefined) throw failure;
    const why = reason ?? "none is registered and healthy";
    throw new CommandError(
      EXIT.noEndpoint,
      `Cannot find an endpoint of ${JSON.stringify(name)}: ${why}${nameHint(name, target.known)}`,
    );
  }
  const chosen = options.all ? endpoints : [piloted.pick(name)];
  stdout.write(chosen.map((endpoint) => line(endpoint, options.json === true)).join(""));
  return EXIT.ok;
}

function line(endpoint: Endpoint, json: boolean): string {
  if (json) return jsonLine(endpointFacts(endpoint));
  return `${formatHost(endpoint.address, endpoint.port)}\n`;
}
