/**
 * IP addresses as 16 bytes, the form in which ContainerPilot compares them.
 *
 * @module
 */

const BYTE = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const HEX = /^[0-9a-f]{1,4}$/i;

/**
 * Parses an IPv4 or IPv6 address.
 *
 * @param text The address. A zone (`%eth0`) is ignored.
 * @returns Its 16 bytes, those of IPv4 as `::ffff:a.b.c.d`; `undefined` when it is no IP address.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const bare = text.replace(/%.*$/, "");
  return bare.includes(":") ? parseIpv6(bare) : mapped(parseIpv4(bare));
}

/**
 * Whether an address is IPv4, also when it is written as `::ffff:a.b.c.d`.
 *
 * @param bytes Its 16 bytes.
 */
export function isIpv4(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => !byte);
}

/**
 * Whether an address is one of the machine itself: `127.0.0.0/8` or `::1`.
 *
 * @param bytes Its 16 bytes.
 */
export function isLoopback(bytes: Uint8Array): boolean {
  if (isIpv4(bytes)) return bytes[12] === 127;
  return bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0);
}

/**
 * Compares addresses byte by byte.
 *
 * @returns Negative when `a` comes first.
 */
export function compareIps(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 16; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return 0;
}

/** A network such as `10.0.0.0/16`. */
export interface Network {
  /** The 16 bytes of its address. */
  readonly bytes: Uint8Array;
  /** Number of bits of them that count. */
  readonly bits: number;
}

/**
 * Parses a network in CIDR notation.
 *
 * @param text Such as `10.0.0.0/16` or `fdc6:238c:c4bc::/48`.
 * @returns The network, `undefined` when it is none.
 */
export function parseNetwork(text: string): Network | undefined {
  const [, address, prefix] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? [];
  const bytes = address === undefined ? undefined : parseIp(address);
  if (bytes === undefined) return undefined;
  const isShort = !address!.includes(":");
  const bits = Number(prefix) + (isShort ? 96 : 0);
  return bits <= 128 ? { bytes, bits } : undefined;
}

/**
 * Whether a network contains an address.
 *
 * @param network The network.
 * @param bytes The 16 bytes of the address.
 */
export function contains({ bytes: own, bits }: Network, bytes: Uint8Array): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit)) & 0xff;
    if ((own[bit / 8]! & mask) !== (bytes[bit / 8]! & mask)) return false;
  }
  return true;
}

function parseIpv4(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => BYTE.test(part))
    ? parts.map(Number)
    : undefined;
}

function mapped(ipv4: readonly number[] | undefined): Uint8Array | undefined {
  return ipv4 && Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...ipv4]);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [readGroups(halves[0]!), readGroups(halves[1] ?? "")];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for one group at least.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

function readGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    const ipv4 = index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) bytes.push(...ipv4);
    else if (HEX.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}
