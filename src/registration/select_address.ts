/**
 * The address to register, by ContainerPilot's `interfaces` rules.
 *
 * @module
 */
import type { InterfaceAddress } from "../runtime/interfaces.ts";
import {
  compareIps,
  contains,
  isIpv4,
  isLoopback,
  type Network,
  parseIp,
  parseNetwork,
} from "./ip_address.ts";

/** What ContainerPilot takes where a file has no `interfaces`. */
export const DEFAULT_INTERFACES: readonly string[] = ["eth0:inet", "inet"];

/** One rule: an address, a network, an interface, or any interface (`name` undefined). */
type Rule =
  | { readonly kind: "static"; readonly address: string }
  | { readonly kind: "network"; readonly network: Network }
  | { readonly kind: "index"; readonly name: string; readonly index: number }
  | { readonly kind: "family"; readonly name: string | undefined; readonly ipv4: boolean };

interface Candidate extends InterfaceAddress {
  readonly bytes: Uint8Array;
  /** Position among the addresses of its interface. */
  readonly index: number;
}

/**
 * Parses one rule.
 *
 * @param text `eth0`, `eth0:inet`, `eth0:inet6`, `eth0[1]`, `10.0.0.0/16`, `inet`, `inet6` or
 * `static:192.168.1.100`.
 * @returns The rule, `undefined` when ContainerPilot would refuse it.
 */
export function parseInterfaceRule(text: string): Rule | undefined {
  if (text === "inet" || text === "inet6") {
    return { kind: "family", name: undefined, ipv4: text === "inet" };
  }
  if (text.startsWith("static:")) {
    const address = text.slice("static:".length);
    const isIp = parseIp(address) !== undefined && !address.includes("%");
    return isIp ? { kind: "static", address } : undefined;
  }
  const [, name, index, family] = /^(\w+)(?:\[(\d+)\]|:(inet6?))?$/.exec(text) ?? [];
  if (name !== undefined) {
    return index === undefined
      ? { kind: "family", name, ipv4: family !== "inet6" }
      : { kind: "index", name, index: Number(index) };
  }
  const network = parseNetwork(text);
  return network && { kind: "network", network };
}

/**
 * Finds the first address that matches a rule. Rules are tried in their order, each over the
 * addresses sorted by interface name and then by bytes, IPv4 as `::ffff:a.b.c.d`, as ContainerPilot
 * does: `eth0` is the first IPv4 address of that interface, `eth0[1]` the second address of either
 * family, `inet` and `inet6` skip loopback addresses, a network does not.
 *
 * @param rules Rules that {@linkcode parseInterfaceRule} accepts; others match nothing.
 * @param addresses The machine's addresses. Labels of Linux such as `eth0:1` count as `eth0`.
 * @returns The address, `undefined` when no rule matches.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { selectAddress } from "./select_address.ts";
 *
 * const addresses = [{ name: "eth1", address: "10.0.0.7" }, { name: "eth0", address: "10.2.0.1" }];
 * assertEquals(selectAddress(["eth2", "inet"], addresses), "10.2.0.1");
 * assertEquals(selectAddress(["10.0.0.0/16"], addresses), "10.0.0.7");
 * ```
 */
export function selectAddress(
  rules: readonly string[],
  addresses: readonly InterfaceAddress[],
): string | undefined {
  const candidates = sortAddresses(addresses);
  for (const text of rules) {
    const rule = parseInterfaceRule(text);
    if (rule === undefined) continue;
    if (rule.kind === "static") return rule.address;
    const found = candidates.find((candidate) => matches(rule, candidate));
    if (found !== undefined) return found.address;
  }
  return undefined;
}

/**
 * The addresses in ContainerPilot's order.
 *
 * @param addresses Addresses in any order; what is no IP address is left out.
 * @returns Them by name of the interface, then by bytes.
 */
export function sortAddresses(addresses: readonly InterfaceAddress[]): readonly Candidate[] {
  const sorted = addresses.flatMap(({ name, address }) => {
    const bytes = parseIp(address);
    // A zone belongs to the interface and can't be part of a registered address.
    const bare = address.replace(/%.*$/, "");
    return bytes ? [{ name: name.replace(/:.*$/, ""), address: bare, bytes, index: 0 }] : [];
  }).sort((a, b) => compareNames(a.name, b.name) || compareIps(a.bytes, b.bytes));
  let first = 0;
  return sorted.map((candidate, place) => {
    if (candidate.name !== sorted[first]!.name) first = place;
    return { ...candidate, index: place - first };
  });
}

function matches(rule: Exclude<Rule, { kind: "static" }>, candidate: Candidate): boolean {
  switch (rule.kind) {
    case "network":
      return contains(rule.network, candidate.bytes);
    case "index":
      return rule.name === candidate.name && rule.index === candidate.index;
    case "family":
      if (rule.name === undefined ? isLoopback(candidate.bytes) : rule.name !== candidate.name) {
        return false;
      }
      return rule.ipv4 === isIpv4(candidate.bytes);
  }
}

// As Go compares strings: by bytes of UTF-8, which is the order of code points.
function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
