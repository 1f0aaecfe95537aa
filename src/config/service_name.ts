import { ConfigFault } from "./config_fault.ts";
import { decodeString, type Entry } from "./weak_decode.ts";

// ContainerPilot's rule for names, which keeps them usable in DNS.
const NAME = /^[a-z][a-zA-Z0-9-]+$/;

/**
 * Reads the name of a service.
 *
 * @param entry The name.
 * @param anyName Whether any name is accepted that Consul accepts, as in an object given in code. In
 * a file ContainerPilot's rule applies.
 * @returns The name.
 * @throws {ConfigFault} when it is empty or breaks the rule.
 */
export function decodeServiceName(entry: Entry, anyName: boolean): string {
  const name = decodeString(entry);
  if (name === "") throw new ConfigFault(entry, "must be the name of a service", entry.value);
  if (!anyName && !NAME.test(name)) {
    throw new ConfigFault(
      entry,
      "must be a lower-case letter and then letters, digits or dashes, two characters at least",
      entry.value,
    );
  }
  return name;
}
