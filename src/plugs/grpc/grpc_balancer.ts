/**
 * The load balancing policy: each call goes to the endpoint that the client's own balancer picks.
 *
 * @module
 */
import { type ChannelOptions, connectivityState, experimental } from "@grpc/grpc-js";
import type { Piloted } from "../../client/piloted.ts";
import type { Endpoint } from "../../endpoint.ts";
import { CallLeases } from "./call_leases.ts";
import { GrpcPicker, type ReadyEndpoint } from "./grpc_picker.ts";
import { SERVICE_ATTRIBUTE } from "./grpc_resolver.ts";

type Endpoints = Parameters<experimental.LoadBalancer["updateAddressList"]>[0];

/** A policy's configuration, which has nothing in it. */
class PilotedConfig implements experimental.TypedLoadBalancingConfig {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  getLoadBalancerName(): string {
    return this.#name;
  }

  toJsonObject(): object {
    return { [this.#name]: {} };
  }
}

/**
 * Creates the class of the policy's configuration.
 *
 * @param name Name of the policy.
 * @returns The class.
 */
export function configClass(
  name: string,
): Parameters<typeof experimental.registerLoadBalancerType>[2] {
  return class extends PilotedConfig {
    constructor() {
      super(name);
    }

    static createFromJson(): PilotedConfig {
      return new this();
    }
  };
}

/**
 * Creates the class that gRPC instantiates for each channel.
 *
 * @param client Picks endpoints.
 * @param name Name of the policy.
 * @returns The class.
 */
export function balancerClass(
  client: Piloted<string>,
  name: string,
): Parameters<typeof experimental.registerLoadBalancerType>[1] {
  return class PilotedBalancer implements experimental.LoadBalancer {
    readonly #channel: experimental.ChannelControlHelper;
    readonly #helper: experimental.ChannelControlHelper;
    readonly #children = new Map<string, experimental.LeafLoadBalancer>();
    readonly #leases = new CallLeases();
    #service = "";
    #lastError = "";
    #isUpdating = false;

    constructor(channel: experimental.ChannelControlHelper) {
      this.#channel = channel;
      this.#helper = experimental.createChildChannelControlHelper(channel, {
        updateState: (_state, _picker, error) => {
          if (error) this.#lastError = error;
          this.#update();
        },
      });
    }

    updateAddressList(
      list: Endpoints,
      config: experimental.TypedLoadBalancingConfig,
      options: ChannelOptions,
      note: string,
    ): boolean {
      if (!(config instanceof PilotedConfig)) return false;
      if (!list.ok) {
        if (this.#children.size === 0) this.#fail(list.error.details);
        return true;
      }
      this.#service = String(options[SERVICE_ATTRIBUTE] ?? "");
      this.#isUpdating = true;
      const before = new Map(this.#children);
      this.#children.clear();
      // Connections to endpoints that stay are not touched.
      for (const endpoint of list.value) {
        const key = experimental.endpointToString(endpoint);
        const kept = before.get(key);
        before.delete(key);
        if (this.#children.has(key)) continue;
        const child = kept ??
          new experimental.LeafLoadBalancer(endpoint, this.#helper, options, note);
        this.#children.set(key, child);
        if (kept === undefined) child.startConnecting();
      }
      for (const child of before.values()) child.destroy();
      this.#isUpdating = false;
      this.#update();
      return true;
    }

    #update(): void {
      if (this.#isUpdating) return;
      const children = [...this.#children.values()];
      const inState = (state: connectivityState) =>
        children.filter((child) => child.getConnectivityState() === state);
      const ready = inState(connectivityState.READY);
      if (ready.length > 0) {
        const endpoints = ready.map((child): ReadyEndpoint => ({
          host: hostOf(child.getEndpoint()),
          picker: child.getPicker(),
        }));
        const picker = new GrpcPicker(client, this.#service, endpoints, this.#leases);
        this.#channel.updateState(connectivityState.READY, picker, null);
      } else if (inState(connectivityState.CONNECTING).length > 0) {
        const picker = new experimental.QueuePicker(this);
        this.#channel.updateState(connectivityState.CONNECTING, picker, null);
      } else if (inState(connectivityState.TRANSIENT_FAILURE).length > 0) {
        this.#fail(`No connection to ${this.#service}: ${this.#lastError}`);
      } else {
        const picker = new experimental.QueuePicker(this);
        this.#channel.updateState(connectivityState.IDLE, picker, null);
      }
      for (const child of inState(connectivityState.IDLE)) child.exitIdle();
    }

    #fail(details: string): void {
      const picker = new experimental.UnavailablePicker({ details });
      this.#channel.updateState(connectivityState.TRANSIENT_FAILURE, picker, details);
    }

    exitIdle(): void {
      for (const child of this.#children.values()) child.exitIdle();
    }

    resetBackoff(): void {}

    destroy(): void {
      for (const child of this.#children.values()) child.destroy();
      this.#children.clear();
      this.#leases.close();
    }

    getTypeName(): string {
      return name;
    }
  };
}

/** `address:port` of an endpoint, as Piloted's endpoints have it. */
function hostOf({ addresses: [address] }: experimental.Endpoint): Endpoint["host"] {
  return address === undefined ? "" : experimental.subchannelAddressToString(address);
}
