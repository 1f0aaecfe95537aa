/**
 * What the options of a registration leave open: its address and its id.
 *
 * @module
 */
import { checkAddress } from "../address.ts";
import { PilotedError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import type { InterfaceAddress } from "../runtime/interfaces.ts";
import type { Definition } from "./definition.ts";
import type { RegisterOptions, ResolvedHeartbeat } from "./options.ts";
import { DEFAULT_INTERFACES, selectAddress, sortAddresses } from "./select_address.ts";

/** The machine that the process runs on. */
export interface Machine {
  /** Addresses of its interfaces. */
  networkInterfaces(): readonly InterfaceAddress[];
  /** Its name. */
  hostname(): string | undefined;
}

/** Options that only the jobs of a configuration file have. */
export interface DefineOptions {
  /** Whether ContainerPilot's default rules apply where there is nothing else. */
  readonly defaultInterfaces: boolean;
  /** Whether the id is ContainerPilot's, without the port. */
  readonly idWithoutPort: boolean;
}

/**
 * Decides address and ids.
 *
 * @param options What is registered, checked.
 * @param heartbeat The heartbeat, with defaults.
 * @param env The environment.
 * @param machine The machine.
 * @param how How a job of a file is read.
 * @throws {PilotedError} `CONFIG_INVALID` when no interface matches, when `PILOTED_ADVERTISE_ADDRESS`
 * is no address, or when the runtime does not allow to read what is needed.
 */
export function defineService(
  options: RegisterOptions,
  heartbeat: ResolvedHeartbeat,
  env: Environment,
  machine: Machine,
  how: DefineOptions = { defaultInterfaces: false, idWithoutPort: false },
): Definition {
  const id = options.id ?? defaultId(options, machine, how.idWithoutPort);
  const address = options.address ?? selectedAddress(options, machine) ?? advertised(env) ??
    (how.defaultInterfaces ? defaultAddress(machine) : "");
  return { id, address, checkId: heartbeat.id ?? `service:${id}`, options, heartbeat };
}

function defaultId(
  { name, port }: RegisterOptions,
  machine: Machine,
  withoutPort: boolean,
): string {
  const host = read(() => machine.hostname(), "the host name", "hostname", "pass the option id");
  const parts = [name, host ?? "localhost", ...withoutPort ? [] : [String(port)]];
  // ContainerPilot takes a host name as it is; another character would need escapes in URLs.
  return parts.join("-").replace(/[^A-Za-z0-9._:-]/g, "-");
}

function selectedAddress(
  { name, interfaces = [] }: RegisterOptions,
  machine: Machine,
): string | undefined {
  if (interfaces.length === 0) return undefined;
  const addresses = interfaces.every((rule) => rule.startsWith("static:")) ? [] : list(machine);
  const found = selectAddress(interfaces, addresses);
  if (found !== undefined) return found;
  const have = sortAddresses(addresses).map(({ name, address }) => `${name} ${address}`).join(", ");
  throw new PilotedError(
    "CONFIG_INVALID",
    `Cannot register service ${JSON.stringify(name)}: no address matches the interfaces ` +
      `${JSON.stringify(interfaces)}, the machine has ${have || "none"}`,
    { service: name },
  );
}

function advertised(env: Environment): string | undefined {
  const value = env.PILOTED_ADVERTISE_ADDRESS;
  if (value === undefined || value === "") return undefined;
  const { address, why } = checkAddress(value);
  if (why === undefined) return address;
  throw new PilotedError("CONFIG_INVALID", `Cannot use $PILOTED_ADVERTISE_ADDRESS: ${why}`);
}

function defaultAddress(machine: Machine): string {
  return selectAddress(DEFAULT_INTERFACES, list(machine)) ?? "";
}

function list(machine: Machine): readonly InterfaceAddress[] {
  const remedy = "pass the option address or set PILOTED_ADVERTISE_ADDRESS";
  return read(
    () => machine.networkInterfaces(),
    "the network interfaces",
    "networkInterfaces",
    remedy,
  );
}

function read<T>(ask: () => T, what: string, permission: string, remedy: string): T {
  try {
    return ask();
  } catch (cause) {
    throw new PilotedError(
      "CONFIG_INVALID",
      `Cannot read ${what}: the runtime does not allow it, run Deno with ` +
        `--allow-sys=${permission}, or ${remedy}`,
      { cause },
    );
  }
}
