/**
 * Registers the scheme `piloted:` with `@grpc/grpc-js`.
 *
 * The extension points are those of `experimental` in `@grpc/grpc-js` 1.14: they may change with any
 * minor version, which is why the peer dependency is a narrow range.
 *
 * @module
 */
import { experimental, type MethodConfig, type ServiceConfig } from "@grpc/grpc-js";
import { checkOptions, type OptionRule } from "../../check_options.ts";
import type { Piloted } from "../../client/piloted.ts";
import { balancerClass, configClass } from "./grpc_balancer.ts";
import { resolverClass } from "./grpc_resolver.ts";

/** Options of {@linkcode registerPiloted}. */
export interface RegisterOptions {
  /** Scheme of the targets, and name of the load balancing policy. @default {"piloted"} */
  readonly scheme?: string | undefined;
  /**
   * Who picks an endpoint for a call: the client's own balancer, with weights, latencies and ejections
   * that all its users share; or gRPC's `round_robin` with gRPC's outlier detection.
   *
   * @default {"piloted"}
   */
  readonly balancing?: "piloted" | "round_robin" | undefined;
  /**
   * `methodConfig` of the service config, for a channel without `grpc.service_config`: deadlines, and
   * which calls are sent again. @default {[]}
   */
  readonly methodConfig?: readonly MethodConfig[] | undefined;
}

const RULES: Readonly<Record<keyof RegisterOptions, OptionRule>> = {
  scheme: { type: "string" },
  balancing: { type: "one-of", values: ["piloted", "round_robin"] },
  methodConfig: { type: "object" },
};

/** gRFC A50, with the limits that `@grpc/grpc-js` has by default; percentages of calls. */
const OUTLIER_DETECTION = {
  interval: { seconds: 10, nanos: 0 },
  base_ejection_time: { seconds: 30, nanos: 0 },
  max_ejection_time: { seconds: 300, nanos: 0 },
  max_ejection_percent: 10,
  success_rate_ejection: {},
  failure_percentage_ejection: {},
  child_policy: [{ round_robin: {} }],
};

/**
 * Lets every gRPC channel of this process have targets such as `piloted:///customers`: the endpoints of
 * the service, kept current by the client's own watch.
 *
 * @param client Gives endpoints. It should live as long as the channels: after its `close()` they keep
 * the endpoints that they have, and new channels fail.
 * @param options How calls are balanced and repeated.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { credentials, Client } from "@grpc/grpc-js";
 * import { createPiloted } from "@piloted/core";
 * import { registerPiloted } from "@piloted/core/grpc";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * const consul = new EmbeddedConsul();
 * await using piloted = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * registerPiloted(piloted);
 * const client = new Client("piloted:///customers", credentials.createInsecure());
 * client.close();
 * ```
 */
export function registerPiloted(client: Piloted<string>, options: RegisterOptions = {}): void {
  checkOptions("registerPiloted()", options, RULES);
  const { scheme = "piloted", balancing = "piloted", methodConfig = [] } = options;
  const defaults: ServiceConfig = {
    loadBalancingConfig: balancing === "piloted"
      ? [{ [scheme]: {} }]
      : [{ outlier_detection: OUTLIER_DETECTION }],
    methodConfig: [...methodConfig],
  };
  experimental.registerLoadBalancerType(scheme, balancerClass(client, scheme), configClass(scheme));
  experimental.registerResolver(scheme, resolverClass(client, defaults));
}
