/**
 * Registers services in a real Consul, one or thousands at a time.
 */
import type { Consul } from "./consul.ts";

/** Body of `/v1/agent/service/register`. */
export interface AgentService {
  Name: string;
  ID?: string | undefined;
  Address?: string | undefined;
  Port?: number | undefined;
  Tags?: string[] | undefined;
  Meta?: Record<string, string> | undefined;
  Check?: Record<string, unknown> | undefined;
  Weights?: { Passing: number; Warning: number } | undefined;
}

/** Registers a service with the agent. */
export function registerService(consul: Consul, service: AgentService): Promise<void> {
  return consul.put("/v1/agent/service/register", service);
}

/** Removes a service from the agent. */
export function deregisterService(consul: Consul, id: string): Promise<void> {
  return consul.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
}

/** An instance on a node without an agent. */
export interface CatalogService {
  /** Name of its node, which must be registered: see {@linkcode registerNode}. */
  node: string;
  name: string;
  id: string;
  port: number;
  address?: string | undefined;
  tags?: string[] | undefined;
  meta?: Record<string, string> | undefined;
}

/** Registers a node without an agent. */
export function registerNode(consul: Consul, node: string, address: string): Promise<void> {
  return consul.put("/v1/catalog/register", { Node: node, Address: address });
}

/** Registers many instances through `/v1/txn`. */
export function registerMany(consul: Consul, services: readonly CatalogService[]): Promise<void> {
  return transact(consul, "set", services);
}

/** Removes many instances through `/v1/txn`. */
export function deregisterMany(consul: Consul, services: readonly CatalogService[]): Promise<void> {
  return transact(consul, "delete", services);
}

// Consul's `maxTxnOps`.
const OPERATIONS_PER_CALL = 64;

async function transact(
  consul: Consul,
  verb: "set" | "delete",
  services: readonly CatalogService[],
): Promise<void> {
  for (let start = 0; start < services.length; start += OPERATIONS_PER_CALL) {
    await consul.put(
      "/v1/txn",
      services.slice(start, start + OPERATIONS_PER_CALL).map((service) => ({
        Service: {
          Verb: verb,
          Node: service.node,
          Service: {
            ID: service.id,
            Service: service.name,
            Port: service.port,
            Address: service.address ?? "",
            Tags: service.tags ?? [],
            Meta: service.meta ?? {},
          },
        },
      })),
    );
  }
}
