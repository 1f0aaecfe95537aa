/**
 * `piloted lookup NAME`.
 *
 * @module
 */
import type { Piloted } from "../client/piloted.ts";
import { type Endpoint, formatHost, namedPort } from "../endpoint.ts";
import { describePorts, endpointsAtPort } from "../fetch/named_port.ts";
import { CommandError, EXIT } from "./exit_codes.ts";
import { endpointFacts, jsonLine } from "./json_line.ts";
import type { Output } from "./output.ts";
import { findTarget, nameHint, openClient, type RegistryOptions } from "./registry_client.ts";

/** Options of `piloted lookup`. */
export interface LookupOptions extends RegistryOptions {
  /** Every endpoint instead of one. */
  readonly all?: boolean | undefined;
  /** Name of the port to print. */
  readonly portName?: string | undefined;
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
  if (piloted.serviceHosts(name).length === 0) {
    const { watches, reason } = piloted.status(name);
    const failure = watches.find(({ error }) => error !== undefined)?.error;
    if (failure !== undefined) throw failure;
    const why = reason ?? "none is registered and healthy";
    throw new CommandError(
      EXIT.noEndpoint,
      `Cannot find an endpoint of ${JSON.stringify(name)}: ${why}${nameHint(name, target.known)}`,
    );
  }
  const chosen = choose(piloted, name, options);
  stdout.write(chosen.map((endpoint) => line(endpoint, options.json === true)).join(""));
  return EXIT.ok;
}

function choose(
  piloted: Piloted,
  name: string,
  { all, portName }: LookupOptions,
): readonly Endpoint[] {
  const endpoints = piloted.serviceHosts(name);
  if (portName === undefined) return all ? endpoints : [piloted.pick(name)];
  const atPort = endpointsAtPort(endpoints, portName);
  if (atPort.length === 0) {
    const why = `no instance has a port ${JSON.stringify(portName)}; ${describePorts(endpoints)}`;
    const message = `Cannot find an endpoint of ${JSON.stringify(name)}: ${why}`;
    throw new CommandError(EXIT.noEndpoint, message);
  }
  if (all) return atPort;
  const exclude = ({ ports }: Endpoint) => namedPort(ports, portName) === undefined;
  using lease = piloted.acquire(name, { exclude });
  return endpointsAtPort([lease.endpoint], portName);
}

function line(endpoint: Endpoint, json: boolean): string {
  if (json) return jsonLine(endpointFacts(endpoint));
  return `${formatHost(endpoint.address, endpoint.port)}\n`;
}
