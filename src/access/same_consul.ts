import type { Config, ConsulConfig, UpstreamConfig } from "../config/config.ts";
import { revealSecret } from "../secret.ts";

/**
 * Whether two configurations name the same Consul, in the same way.
 *
 * @param a One.
 * @param b The other.
 * @returns `false` when addresses, the way to a token or TLS settings differ.
 */
export function isSameConsul(a: ConsulConfig, b: ConsulConfig): boolean {
  // JSON shows stars in place of secrets, so they are compared by their text.
  const facts = (consul: ConsulConfig) =>
    JSON.stringify([
      consul,
      revealSecret(consul.token),
      revealSecret(consul.httpAuth),
      revealSecret(consul.tls?.keyFile),
    ]);
  return a === b || a.tokenProvider === b.tokenProvider && facts(a) === facts(b);
}

/**
 * Whether two configurations read the same registry, in the same way.
 *
 * @param a One.
 * @param b The other.
 * @returns `false` when Consul or the upstreams differ.
 */
export function isSameRegistry(a: Config, b: Config): boolean {
  const facts = (upstream: UpstreamConfig | undefined) =>
    JSON.stringify([
      upstream,
      revealSecret(upstream?.token),
      revealSecret(upstream?.tls?.keyFile),
    ]);
  return isSameConsul(a.consul, b.consul) && facts(a.upstream) === facts(b.upstream);
}
