/**
 * The configuration as the rest of Piloted sees it.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Reach } from "../reach.ts";
import type { Secret } from "../secret.ts";

/** TLS settings for the registry. The files are read when the connection is made. */
export interface TlsConfig {
  /** PEM file of the certificate authority. */
  readonly caFile?: string | undefined;
  /** Folder of PEM files of certificate authorities. */
  readonly caPath?: string | undefined;
  /** PEM file of the client certificate. */
  readonly certFile?: string | undefined;
  /** PEM file of the client certificate's key. A loaded configuration hides its path. */
  readonly keyFile?: string | Secret | undefined;
  /** Name that the server's certificate must carry, when it is not the host of the address. */
  readonly serverName?: string | undefined;
  /** Whether the server's certificate is verified. */
  readonly verify: boolean;
}

/** Returns the ACL token to send now. It is called for each request and again after a 403. */
export type TokenProvider = () => string | Secret | Promise<string | Secret>;

/**
 * Logging in to an auth method of Consul (`/v1/acl/login`). The token that it returns is replaced
 * before it expires, and destroyed by `close()`.
 */
export interface LoginConfig {
  /** Name of the auth method. */
  readonly method: string;
  /** File with the bearer token, such as Kubernetes' projected service account token. It is read for every login. */
  readonly bearerTokenFile: string;
  /** Metadata of the token, for Consul's audit. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
}

/** Where Consul is. At most one of `token`, `tokenFile`, `tokenProvider` and `login` is set. */
export interface ConsulConfig {
  /**
   * `http://host:port` or `https://host:port` and a path prefix, if any, or `unix:///path`. It has
   * no trailing slash and never credentials. With `addresses` the first of them.
   */
  readonly url: string;
  /** Every address, when there are several. One is used at a time, another when it fails. */
  readonly addresses?: readonly string[] | undefined;
  /** ACL token. It is copied with the configuration and never printed; `reveal()` returns its text. */
  readonly token?: Secret | undefined;
  /** File with the ACL token. It is read again when it changes, and after a 403. */
  readonly tokenFile?: string | undefined;
  /** Function that returns the ACL token. */
  readonly tokenProvider?: TokenProvider | undefined;
  /** Logging in for an ACL token. */
  readonly login?: LoginConfig | undefined;
  /** `user:password` for a proxy that asks for basic authentication. */
  readonly httpAuth?: Secret | undefined;
  /** Namespace (Consul Enterprise) of watches that name none. */
  readonly namespace?: string | undefined;
  /** Admin partition (Consul Enterprise) of watches that name none. */
  readonly partition?: string | undefined;
  /** TLS settings, if there are any. */
  readonly tls?: TlsConfig | undefined;
}

/** A service whose endpoints are given, whatever the registry lists. */
export interface StaticService {
  /** What gives them: `static`, or a variable such as `$PILOTED_STATIC_CUSTOMERS`. */
  readonly origin: string;
  /** The endpoints. */
  readonly endpoints: readonly Endpoint[];
}

/** Where other Piloteds are whose lists are read instead of Consul's. At most one of `token` and `tokenFile` is set. */
export interface UpstreamConfig {
  /**
   * `http://host:port` or `https://host:port` and a path prefix, if any, or `unix:///path`; one at
   * least. One is used at a time, another when it fails.
   */
  readonly addresses: readonly string[];
  /** Bearer token. It is never printed; `reveal()` returns its text. */
  readonly token?: Secret | undefined;
  /** File with the bearer token. It is read again when it changes, and after a 401 or 403. */
  readonly tokenFile?: string | undefined;
  /** TLS settings, if there are any. */
  readonly tls?: TlsConfig | undefined;
}

/** One watched service. */
export interface WatchConfig extends Reach {
  /** Name of the service in the registry. */
  readonly name: string;
  /** Name that the application looks it up by. @default {`name`} */
  readonly as?: string | undefined;
  /** Only instances with this tag; `undefined` for all. */
  readonly tag: string | undefined;
  /** Datacenter; `undefined` for the agent's own. */
  readonly datacenter: string | undefined;
  /** Poll interval in milliseconds, for when blocking queries are not available. */
  readonly intervalMs: number;
}

/** Watched services whose names match a pattern. */
export interface PatternConfig extends Omit<WatchConfig, "name" | "as"> {
  /** Pattern of names: `*` stands for any characters, and case does not matter. */
  readonly pattern: string;
  /** Maximum number of services. */
  readonly limit: number;
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
  /** ContainerPilot's interface specifications, in order of preference. */
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

/** Something that was accepted and is probably a mistake. */
export interface ConfigWarning {
  /** What is odd and how Piloted reads it. */
  readonly message: string;
  /** Path into the document, such as `watches[1].name`, or a variable of the environment, such as `$CONSUL`. */
  readonly at: string;
  /** Name of the file, if the configuration came from one. */
  readonly path?: string | undefined;
  /** Line in the original text, from 1, if known. */
  readonly line?: number | undefined;
  /** Column in that line, from 1, if known. */
  readonly column?: number | undefined;
}

/**
 * A validated configuration, deeply frozen. To change a part of it, spread it into an object:
 * `createPiloted({ config: { ...config, watches } })`.
 */
export interface Config {
  /** Where Consul is. */
  readonly consul: ConsulConfig;
  /** Where the lists are read instead; absent where Consul itself is read. */
  readonly upstream?: UpstreamConfig | undefined;
  /** Services that are overridden, by their name in the registry; absent where none is. */
  readonly static?: Readonly<Record<string, StaticService>> | undefined;
  /** Watched services, in the file's order. */
  readonly watches: readonly WatchConfig[];
  /** Watched services whose names match a pattern; absent where there are none. */
  readonly patterns?: readonly PatternConfig[] | undefined;
  /** Services that this application can register. */
  readonly registrations: readonly RegistrationConfig[];
  /** What was accepted and is probably a mistake. */
  readonly warnings: readonly ConfigWarning[];
}
