/**
 * Opens the ways to other Piloteds.
 *
 * @module
 */
import { consulAccess } from "../access/consul_access.ts";
import { hashText } from "../balance/hash_text.ts";
import type { UpstreamConfig } from "../config/config.ts";
import { platformFetch } from "../platform_fetch.ts";
import { REFUSAL_GRACE_MS } from "../registry/refusal_grace.ts";
import { PilotedSource } from "../source/piloted.ts";
import type { ResolvedOptions } from "./options.ts";

/** Upstreams that can be read. */
export interface OpenUpstreams {
  /** Reads the one in use. */
  readonly source: PilotedSource;
  /** Ends the stream and closes the connections. */
  close(): Promise<void>;
}

/**
 * Opens the ways to the upstreams of a configuration. Nothing is sent yet.
 *
 * @param upstream The part of the configuration.
 * @param options Options of the client.
 */
export function openUpstreams(upstream: UpstreamConfig, options: ResolvedOptions): OpenUpstreams {
  const { mode, keepProcessAlive, fetch, clock, random, requestTimeoutMs, maxResponseBytes } =
    options;
  const { addresses, token, tokenFile, tls } = upstream;
  const isLive = mode === "live";
  const isPlain = !isLive && tls === undefined && !addresses.some((url) => url.startsWith("unix:"));
  const given = fetch ?? (isPlain ? platformFetch : undefined);
  const graceMs = Math.min(REFUSAL_GRACE_MS, requestTimeoutMs / 4);
  const closing: (() => Promise<void>)[] = [];
  const upstreams = spread(addresses, String(random())).map((url) => {
    const access = consulAccess({ url, token, tokenFile, tls }, {
      clock,
      random,
      fetch: given,
      graceMs,
    });
    const { http, close } = access.at(url).open();
    closing.push(() => access.close(), close);
    return http;
  });
  const source = new PilotedSource({
    upstreams,
    // A stream would keep the process alive, and runs on between two lookups.
    stream: isLive && keepProcessAlive,
    clock,
    random,
    requestTimeoutMs,
    maxResponseBytes,
  });
  return {
    source,
    close: async () => {
      await source.close();
      await Promise.all(closing.map((close) => close()));
    },
  };
}

/** Rendezvous hashing: each client prefers another upstream, and keeps it when others come and go. */
function spread(addresses: readonly string[], client: string): readonly string[] {
  const weight = (address: string) => hashText(`${client} ${address}`) >>> 0;
  return addresses.toSorted((a, b) => weight(b) - weight(a));
}
