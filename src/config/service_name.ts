import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { decodeString, type Entry } from "./weak_decode.ts";

// ContainerPilot's rule for names, which keeps them usable in DNS.
const NAME = /^[a-z][a-zA-Z0-9-]+$/;
const RULE = "a lower-case letter and then letters, digits or dashes, two characters at least";

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
      `must be ${RULE}`,
      entry.value,
    );
  }
  return name;
}

/**
 * Reads a name of ContainerPilot 2, which has no rule for names.
 *
 * @param entry The name.
 * @param context Takes a warning when the name breaks the rule of version 3.
 * @returns The name.
 * @throws {ConfigFault} when it is blank.
 */
export function decodeAnyServiceName(entry: Entry, context: DecodeContext): string {
  const name = decodeServiceName(entry, true);
  if (name.trim() === "") {
    throw new ConfigFault(entry, "must be the name of a service", entry.value);
  }
  if (!NAME.test(name)) {
    context.warn(
      entry,
      `is ${JSON.stringify(name)}, a name that ContainerPilot 3 refuses: ${RULE}`,
    );
  }
  return name;
}
