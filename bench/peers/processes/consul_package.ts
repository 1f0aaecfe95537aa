/**
 * npm `consul`: what is used of it.
 *
 * @module
 */
import { loadPeer } from "../load_peer.ts";

/** An entry of `/v1/health/service`. */
export interface HealthEntry {
  readonly Service: { readonly Address: string; readonly Port: number };
}

/** A watch of npm `consul`. */
export interface ConsulWatch {
  on(type: "change", listener: (entries: HealthEntry[]) => void): void;
  on(type: "error", listener: (error: Error) => void): void;
  end(): void;
}

interface ConsulClient {
  readonly health: { readonly service: unknown };
  watch(options: object): ConsulWatch;
}

/** A client of the agent at a URL, which watches services as its documentation shows. */
export function consulPackage(url: string): { watch(service: string): ConsulWatch } {
  const { hostname: host, port } = new URL(url);
  const Consul = loadPeer<new (options: object) => ConsulClient>("consul");
  const client = new Consul({ host, port: Number(port) });
  return {
    watch: (service) =>
      client.watch({ method: client.health.service, options: { service, passing: true } }),
  };
}
