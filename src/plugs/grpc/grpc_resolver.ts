/**
 * The resolver: endpoints of a service for a gRPC channel.
 *
 * @module
 */
import {
  type ChannelOptions,
  experimental,
  type MethodConfig,
  type ServiceConfig,
  status,
} from "@grpc/grpc-js";
import { HostLookup } from "../../client/host_lookup.ts";
import type { Piloted } from "../../client/piloted.ts";
import { systemClock } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { PilotedError } from "../../errors.ts";

/** Name of the attribute that tells the load balancer which service it is for. */
export const SERVICE_ATTRIBUTE = "piloted.service";

/**
 * Creates the class that gRPC instantiates for each channel.
 *
 * @param client Gives endpoints.
 * @param defaults Service config of a channel that has none of its own.
 * @returns The class.
 */
export function resolverClass(
  client: Piloted<string>,
  defaults: ServiceConfig,
): Parameters<typeof experimental.registerResolver>[1] {
  const hosts = new HostLookup(client);

  return class PilotedResolver implements experimental.Resolver {
    readonly #listener: experimental.ResolverListener;
    readonly #name: string;
    readonly #options: ChannelOptions;
    #stop: (() => void) | undefined;
    #reported: readonly Endpoint[] | undefined;

    constructor(
      target: experimental.GrpcUri,
      listener: experimental.ResolverListener,
      options: ChannelOptions,
    ) {
      this.#listener = listener;
      this.#name = nameOf(target);
      this.#options = options;
    }

    static getDefaultAuthority(target: experimental.GrpcUri): string {
      return nameOf(target);
    }

    updateResolution(): void {
      this.#stop ??= client.on("change", ({ service }) => {
        if (service.toLowerCase() === this.#name.toLowerCase()) this.#report();
      });
      // The listener must not be called before this function has returned, and a policy that asks
      // again for each connection that it lost must not keep the process busy.
      systemClock.start(() => void this.#load(), 0);
    }

    destroy(): void {
      this.#stop?.();
      this.#stop = undefined;
      this.#reported = undefined;
    }

    async #load(): Promise<void> {
      try {
        await client.load(hosts.find(this.#name) ?? this.#name);
        this.#report();
      } catch (error) {
        this.#fail(error);
      }
    }

    #report(): void {
      if (this.#stop === undefined) return;
      try {
        const service = hosts.find(this.#name) ?? this.#name;
        const endpoints = client.serviceHosts(service);
        if (endpoints === this.#reported) return;
        if (endpoints.length === 0) client.pick(service);
        this.#reported = endpoints;
        const config = this.#config();
        this.#listener(
          experimental.statusOrFromValue(
            endpoints.map(({ address, port }) => ({ addresses: [{ host: address, port }] })),
          ),
          { [SERVICE_ATTRIBUTE]: service },
          experimental.statusOrFromValue(config),
          "",
        );
      } catch (error) {
        this.#fail(error);
      }
    }

    /** A channel that has endpoints keeps them. */
    #fail(error: unknown): void {
      if (this.#stop === undefined) return;
      const details = error instanceof PilotedError
        ? `${error.code}: ${error.message}`
        : String(error);
      const failure = experimental.statusOrFromError<experimental.Endpoint[]>({
        code: status.UNAVAILABLE,
        details,
      });
      this.#listener(failure, {}, experimental.statusOrFromValue(this.#config()), "");
    }

    #config(): ServiceConfig {
      const own = this.#options["grpc.service_config"];
      return own === undefined ? defaults : { ...defaults, ...parseConfig(own) };
    }
  };
}

/** `customers` of `piloted:///customers`. */
function nameOf({ path }: experimental.GrpcUri): string {
  return path.replace(/^\//, "");
}

// What gRPC would have read of it, had the resolver returned none.
function parseConfig(text: string): Partial<ServiceConfig> {
  const config = JSON.parse(text) as Partial<ServiceConfig>;
  const methods = config.methodConfig?.map((method: MethodConfig): MethodConfig => {
    const timeout: unknown = method.timeout;
    const parsed = typeof timeout === "string" ? experimental.parseDuration(timeout) : null;
    return parsed === null ? method : { ...method, timeout: parsed };
  });
  return { ...config, ...methods !== undefined && { methodConfig: methods } };
}
