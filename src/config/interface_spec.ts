/**
 * ContainerPilot's specifications of network interfaces.
 *
 * @module
 */
import { checkAddress } from "../address.ts";
import { ConfigFault } from "./config_fault.ts";
import { decodeString, type Entry } from "./weak_decode.ts";

// "eth0", "eth0:inet6" or "eth0[1]"; "inet" and "inet6" have the same shape.
const NAMED = /^\w+(?:\[\d+\]|:inet6?)?$/;

/**
 * Reads interface specifications.
 *
 * @param entry A list, one specification without the list, or nothing.
 * @returns The specifications.
 * @throws {ConfigFault} when one is not a specification.
 */
export function decodeInterfaces(entry: Entry): string[] {
  const { value, path } = entry;
  if (value === undefined || value === null) return [];
  const items = Array.isArray(value)
    ? value.map((item, index) => ({ value: item, path: [...path, index] }))
    : [entry];
  return items.map((item) => {
    // ContainerPilot prints what is not a string, so that `true` is an interface called "true".
    const spec = typeof item.value === "boolean" ? String(item.value) : decodeString(item);
    if (isInterfaceSpec(spec)) return spec;
    throw new ConfigFault(
      item,
      'must be an interface such as "eth0", "eth0:inet6" or "eth0[1]", a network such as ' +
        '"10.0.0.0/16", "inet", "inet6", or "static:" and an address',
      item.value,
    );
  });
}

function isInterfaceSpec(spec: string): boolean {
  if (NAMED.test(spec)) return true;
  if (spec.startsWith("static:")) return isIp(spec.slice("static:".length));
  const [address = "", length = "", ...rest] = spec.split("/");
  const bits = address.includes(":") ? 128 : 32;
  return rest.length === 0 && isIp(address) && /^\d{1,3}$/.test(length) && Number(length) <= bits;
}

function isIp(text: string): boolean {
  const isV4 = /^[\d.]+$/.test(text);
  const isV6 = /^[\da-f:.]+$/i.test(text) && text.includes(":");
  return (isV4 || isV6) && checkAddress(text).address !== undefined;
}
