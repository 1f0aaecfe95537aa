/**
 * Addresses and ports that a URL can carry.
 *
 * @module
 */

// The longest host name of DNS (RFC 1035, section 2.3.4).
const LONGEST = 253;
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
// A name whose last label cannot be a number. Such a label makes a URL read the host as IPv4.
const NAME = /^(?:[\w-]+\.)*[a-z_][\w-]*\.?$/i;
const IPV6 = /^[\da-f:.]+$/i;

/** An address that was checked, or why it cannot be used. */
export type CheckedAddress =
  | { readonly address: string; readonly why?: undefined }
  | { readonly address?: undefined; readonly why: string };

/**
 * Checks an address of a service. What `new URL()` refuses, or would turn into another host, is no
 * address: `10.0.0.256`, `010.0.0.1`, `web.1`, `fe80::1%eth0`, `a/b`. The case of a name and the
 * spelling of an IPv6 address may differ from the URL's.
 *
 * @param value Anything.
 * @returns The address without brackets, or the reason.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkAddress } from "./address.ts";
 *
 * assertEquals(checkAddress("[2001:db8::1]").address, "2001:db8::1");
 * assertEquals(checkAddress("web.1").address, undefined);
 * ```
 */
export function checkAddress(value: unknown): CheckedAddress {
  if (typeof value !== "string" || value === "") {
    return refused("must be an IP address or a host name", value);
  }
  if (value.length > LONGEST) return refused(`must have at most ${LONGEST} characters`, value);
  if (IPV4.test(value)) return { address: value };
  // "xn--" may be followed by what is not Punycode, which only URL knows.
  if (NAME.test(value) && !/xn--/i.test(value)) return { address: value };
  return value.includes(":") ? checkIpv6(value) : checkOther(value);
}

function checkIpv6(value: string): CheckedAddress {
  const bare = value.startsWith("[") && value.endsWith("]") ? value.slice(1, -1) : value;
  if (/^[\da-f:.]+%/i.test(bare)) {
    return refused("must have no zone, which a URL cannot carry", value);
  }
  if (IPV6.test(bare) && hostOf(`[${bare}]`) !== undefined) return { address: bare };
  return refused("must be an IP address or a host name", value);
}

function checkOther(value: string): CheckedAddress {
  const host = hostOf(value);
  if (host === value.toLowerCase()) return { address: value };
  if (host === undefined) return refused("must be an IP address or a host name", value);
  return refused(`must be an IP address or a host name: a URL takes it for ${host}`, value);
}

function refused(rule: string, value: unknown): CheckedAddress {
  return { why: `the address ${rule}, received ${describeValue(value)}` };
}

// Not URL.canParse(): Node 20's refuses any host beyond ASCII once it was called often enough.
function hostOf(text: string): string | undefined {
  if (/[\s/?#@%\\"`{}]|\p{Cc}/u.test(text)) return undefined;
  try {
    return new URL(`http://${text}`).hostname;
  } catch {
    return undefined;
  }
}

/**
 * Checks a port.
 *
 * @param value Anything.
 * @returns Whether it is a TCP port that a server can listen on.
 */
export function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/**
 * Describes a value of an outside source in a message, at a cost that does not depend on its size.
 *
 * @param value Anything.
 * @returns At most about 70 characters.
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
    case "undefined":
      return "nothing";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : "an object";
    default:
      return typeof value === "function" ? "a function" : String(value).slice(0, 60);
  }
}
