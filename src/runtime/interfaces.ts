/**
 * Network interfaces and the name of this machine, on runtimes that tell.
 *
 * @module
 */

/** One address of a network interface. */
export interface InterfaceAddress {
  /** Name of the interface, such as `eth0`. */
  readonly name: string;
  /** IPv4 or IPv6 address as the runtime writes it. */
  readonly address: string;
}

// The little of each runtime that is used here: the core is type-checked without any runtime's types.
interface Runtime {
  Deno?: {
    networkInterfaces?(): readonly InterfaceAddress[];
    hostname?(): string;
  };
  process?: { getBuiltinModule?(name: "node:os"): OsModule | undefined };
}

interface OsModule {
  networkInterfaces(): Readonly<
    Record<string, readonly { readonly address: string }[] | undefined>
  >;
  hostname(): string;
}

/**
 * Lists the addresses of the network interfaces that are up.
 *
 * @returns The addresses in no particular order, none where the runtime has no interfaces.
 * @throws the runtime's own error when it may not list them: Deno needs
 * `--allow-sys=networkInterfaces`.
 *
 * @example
 * ```ts
 * import { networkInterfaces } from "./interfaces.ts";
 *
 * for (const { name, address } of networkInterfaces()) console.log(`${name} has ${address}`);
 * ```
 */
export function networkInterfaces(): readonly InterfaceAddress[] {
  const { Deno: deno, process } = globalThis as unknown as Runtime;
  if (deno !== undefined) {
    const list = deno.networkInterfaces?.() ?? [];
    return list.map(({ name, address }) => ({ name, address }));
  }
  const interfaces = process?.getBuiltinModule?.("node:os")?.networkInterfaces() ?? {};
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.map(({ address }) => ({ name, address }))
  );
}

/**
 * The name of this machine.
 *
 * @returns The name, `undefined` where the runtime has none.
 * @throws the runtime's own error when it may not be read: Deno needs `--allow-sys=hostname`.
 */
export function hostname(): string | undefined {
  const { Deno: deno, process } = globalThis as unknown as Runtime;
  if (deno !== undefined) return deno.hostname?.() || undefined;
  return process?.getBuiltinModule?.("node:os")?.hostname() || undefined;
}
