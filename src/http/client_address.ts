/**
 * The address of a client.
 *
 * @module
 */

// What Deno, Node and Bun give to handlers.
interface RuntimeInfo {
  readonly remoteAddr?: { readonly hostname?: string };
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  requestIP?(request: Request): { readonly address: string } | null;
}

/**
 * The address that a connection comes from. Headers such as `X-Forwarded-For` do not count: anybody
 * can send them.
 *
 * @param request The request.
 * @param info The second argument of the server's handler, which Hono calls `env`.
 * @returns An IPv4 address, the network of an IPv6 address, or `""` where it is not known.
 */
export function clientAddress(request: Request, info: unknown): string {
  const { remoteAddr, incoming, requestIP } = (info ?? {}) as RuntimeInfo;
  const address = remoteAddr?.hostname ?? incoming?.socket?.remoteAddress ??
    (typeof requestIP === "function"
      ? (info as Required<RuntimeInfo>).requestIP(request)?.address
      : undefined) ??
    "";
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  // Whoever has one IPv6 address has 2^64 of them.
  return plain.includes(":") ? networkOf(plain) : plain;
}

function networkOf(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const end = tail === "" ? [] : tail.split(":");
    while (groups.length + end.length < 8) groups.push("0");
    groups.push(...end);
  }
  return groups.slice(0, 4).join(":");
}
