/**
 * One endpoint of a snapshot file.
 *
 * @module
 */
import { type Endpoint, formatHost } from "../endpoint.ts";
import { decodeAddress, isPort } from "../source/decode_address.ts";

/** The endpoint, or why it can't be restored. */
export function restoreEndpoint(saved: unknown, service: string): Endpoint | string {
  const { id, address, port, node, datacenter, tags, meta, weight, status, zone } =
    (saved ?? {}) as Partial<Record<keyof Endpoint, unknown>>;
  const decoded = typeof address === "string" ? decodeAddress(address) : undefined;
  if (decoded === undefined) return "its address is not an IP address or a host name";
  if (!isPort(port)) return "its port is not 1 to 65535";
  if (typeof id !== "string" || typeof node !== "string") return "it has no id or node";
  return Object.freeze({
    service,
    id,
    address: decoded,
    port,
    host: formatHost(decoded, port),
    node,
    datacenter: typeof datacenter === "string" ? datacenter : "",
    tags: Object.freeze(tags as string[]),
    meta: Object.freeze(meta as Record<string, string>),
    weight: weight as number,
    status: status as Endpoint["status"],
    zone: typeof zone === "string" ? zone : "",
  });
}
