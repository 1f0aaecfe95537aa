/**
 * The configuration as the rest of Piloted sees it.
 *
 * @module
 */

/** TLS towards the registry. Files are read when the connection is made, not when the configuration is. */
export interface TlsConfig {
  /** PEM file of the certificate authority. */
  readonly caFile?: string;
  /** Folder of PEM files of certificate authorities. */
  readonly caPath?: string;
  /** PEM file of the client certificate. */
  readonly certFile?: string;
  /** PEM file of the client certificate's key. */
  readonly keyFile?: string;
  /** Name that the server's certificate must carry, where it is not the address. */
  readonly serverName?: string;
  /** Whether the server's certificate is verified. */
  readonly verify: boolean;
}

/** Where Consul is. */
export interface ConsulConfig {
  /** `http://host:port` or `https://host:port`, with a path prefix where one was given; no trailing slash, never credentials. */
  readonly url: string;
  /** ACL token. Not enumerable, so that printing a configuration does not print it. */
  readonly token?: string;
  /** TLS settings, where any were given. */
  readonly tls?: TlsConfig;
}

/** One watched service. */
export interface WatchConfig {
  /** Name of the service. */
  readonly name: string;
  /** Only instances with this tag; `undefined` for all. */
  readonly tag: string | undefined;
  /** Datacenter; `undefined` for the agent's own. */
  readonly datacenter: string | undefined;
  /** Poll interval in milliseconds: the floor of freshness where blocking queries can't be had. */
  readonly intervalMs: number;
}

/** One `jobs` (version 3) or `services` (version 2) entry that has a port, for self-registration. */
export interface RegistrationConfig {
  /** Name to register. */
  readonly name: string;
  /** Port to register. */
  readonly port: number;
  /** Tags to register. */
  readonly tags: readonly string[];
  /** Service metadata to register. */
  readonly meta: Readonly<Record<string, string>>;
  /** Interface specifications in ContainerPilot's words, in order of preference. */
  readonly interfaces: readonly string[];
  /** Milliseconds between health reports. */
  readonly healthIntervalMs: number | undefined;
  /** Milliseconds after which a missing report makes the instance critical. */
  readonly ttlMs: number | undefined;
  /** Status until the first report. */
  readonly initialStatus: "passing" | "warning" | "critical" | undefined;
  /** `consul.enableTagOverride`. */
  readonly enableTagOverride: boolean;
  /** `consul.deregisterCriticalServiceAfter` in milliseconds. */
  readonly deregisterCriticalServiceAfterMs: number | undefined;
}

/** Something in the file that was accepted and probably not meant. */
export interface ConfigWarning {
  /** What is odd and what Piloted made of it. */
  readonly message: string;
  /** Where, as a path into the document such as `watches[1].name`. */
  readonly at: string;
  /** File, where it came from one. */
  readonly path?: string;
  /** Line in the original text, from 1, where known. */
  readonly line?: number;
  /** Column in that line, from 1, where known. */
  readonly column?: number;
}

/** A validated configuration. Frozen all through. */
export interface Config {
  /** Where Consul is. */
  readonly consul: ConsulConfig;
  /** What is watched, in the file's order. */
  readonly watches: readonly WatchConfig[];
  /** What this application could register of itself. */
  readonly registrations: readonly RegistrationConfig[];
  /** What is odd about the file. */
  readonly warnings: readonly ConfigWarning[];
}
