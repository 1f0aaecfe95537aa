/**
 * Addresses and ports as they may stand in a URL.
 *
 * @module
 */

const PLAIN = /^[\w.-]+$/;
// Whatever could end or change the authority of a URL must not come out of a registry.
const UNSAFE = /[\s/?#@%\\<>^|`{}"[\]]|\p{Cc}/u;

/**
 * Checks an address.
 *
 * @param value Whatever was given.
 * @returns An IP address without brackets or a host name; `undefined` when it is neither.
 */
export function decodeAddress(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (PLAIN.test(value)) return value;
  if (value.includes(":")) return decodeIpv6(value);
  return value === "" || UNSAFE.test(value) ? undefined : value;
}

/**
 * Checks a port.
 *
 * @param value Whatever was given.
 * @returns Whether it is a TCP port that something can listen on.
 */
export function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

/** With or without brackets, and with a zone ("fe80::1%eth0", RFC 4007), which no URL can carry. */
function decodeIpv6(value: string): string | undefined {
  const bare = value.startsWith("[") && value.endsWith("]") ? value.slice(1, -1) : value;
  const [, address, zone = ""] = /^([\da-f:.]+)(%[\w.-]+)?$/i.exec(bare) ?? [];
  if (address === undefined || !URL.canParse(`http://[${address}]`)) return undefined;
  return address + zone;
}
