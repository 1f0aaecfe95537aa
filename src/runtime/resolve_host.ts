/**
 * Names of hosts, on runtimes that have a resolver.
 *
 * @module
 */
import { builtin } from "./transport/node_builtins.ts";

// The little of Deno that is used here.
interface Runtime {
  Deno?: {
    permissions?: {
      querySync?(descriptor: { name: "net"; host: string }): { readonly state: string };
    };
  };
}

/**
 * Every address (A and AAAA) of a name, as the operating system resolves it.
 *
 * @param host The name.
 * @param port The port that is connected to: on Deno, addresses that may not be are left out.
 * @returns The addresses, each once; empty when there are none, or no resolver.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveHost } from "./resolve_host.ts";
 *
 * assertEquals(await resolveHost("127.0.0.1", 8500), ["127.0.0.1"]);
 * ```
 */
export async function resolveHost(host: string, port: number): Promise<readonly string[]> {
  const dns = builtin("node:dns/promises");
  if (dns === undefined) return [];
  try {
    const found = await dns.lookup(host, { all: true });
    const addresses = [...new Set(found.map(({ address }) => address))];
    return addresses.every((address) => mayConnect(address, port)) ? addresses : [];
  } catch {
    // Whoever connects to the name gets the reason.
    return [];
  }
}

function mayConnect(address: string, port: number): boolean {
  const { Deno: deno } = globalThis as unknown as Runtime;
  if (deno?.permissions?.querySync === undefined) return true;
  const host = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return deno.permissions.querySync({ name: "net", host }).state === "granted";
}
