/**
 * What a client is made of.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import type { Config } from "../config/config.ts";
import type { Source } from "../source/source.ts";
import type { Events } from "./events.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Piloted } from "./piloted.ts";
import type { SnapshotFile } from "../watch/snapshot_file.ts";

/** A registry that a client may talk to, and how to leave it. */
export interface Registry {
  /** What is asked. */
  source: Source;
  /** Whether questions share connections at present (HTTP/2). */
  multiplexed(): boolean;
  /** Frees its connections. */
  close(): Promise<void>;
}

/** What a client is made of. */
export interface PilotedParts {
  /** The configuration. */
  config: Config;
  /** Options with defaults. */
  options: ResolvedOptions;
  /** Where events go. */
  events: Events;
  /** Reads the configuration again. */
  reload: () => Promise<Config>;
  /** Makes the connection to the registry that a configuration names. */
  connect: (config: Config) => Registry;
  /** Makes the `fetch` over the client. */
  createFetch: (piloted: Piloted) => Fetch;
  /** Keeps the last good lists over a restart. */
  snapshotFile: SnapshotFile | undefined;
}

/**
 * Whether two configurations name the same registry, in the same way.
 *
 * @param a One.
 * @param b The other.
 * @returns `false` when address, token or TLS settings differ.
 */
export function sameRegistry(a: Config, b: Config): boolean {
  const facts = ({ consul }: Config) => JSON.stringify([consul.url, consul.token, consul.tls]);
  return facts(a) === facts(b);
}
