/**
 * What differs between versions of Consul for a client of its HTTP API.
 *
 * Only 1.8 could be compared with a running Consul (`tests/contracts/`); the other profiles follow
 * Consul's documentation and source, which each switch names.
 *
 * @module
 */

/** Versions of Consul that `EmbeddedConsul` can respond like. */
export type ConsulVersion = "1.8" | "1.15" | "1.22" | "2.0";

/** All versions, oldest first. */
export const CONSUL_VERSIONS: readonly ConsulVersion[] = ["1.8", "1.15", "1.22", "2.0"];

/** The version whose responses were compared with a running Consul. */
export const DEFAULT_VERSION: ConsulVersion = "1.8";

/** Which facts of Consul's API hold for one version. */
export interface WireProfile {
  /** Full version number, as in `/v1/agent/self`. */
  readonly release: string;
  /**
   * `X-Consul-Default-ACL-Policy` on every response, also without ACLs.
   * Since 1.9: "api-docs/api-structure.mdx" of Consul's documentation.
   */
  readonly aclPolicyHeader: boolean;
  /**
   * `X-Consul-Query-Backend`, and whether agents use the streaming backend by default.
   * Since 1.10: `agent/http.go` `setMeta`, "api-docs/features/blocking.mdx".
   */
  readonly queryBackend: boolean;
  /** `SocketPath` of a service, omitted if empty. Since 1.10: `agent/structs/structs.go`. */
  readonly socketPath: boolean;
  /**
   * `X-Consul-Results-Filtered-By-ACLs` on lists, for requests with a valid token. Since 1.11:
   * "api-docs/api-structure.mdx", `maskResultsFilteredByACLs` of `agent/consul/server.go`.
   */
  readonly filteredHeader: boolean;
  /**
   * 404 for unknown ids of checks and services, with and without ACLs. Since 1.11: hashicorp/consul
   * #10894 and #11950, `vetCheckUpdateWithAuthorizer` of `agent/acl.go`.
   */
  readonly unknownIds: boolean;
  /**
   * Checks have `Interval`, `Timeout` and `ExposedPort`, and a proxy has a `Mode`. Seen in responses
   * of 1.21.3; since 1.10 in `agent/structs/structs.go`.
   */
  readonly checkTimes: boolean;
  /**
   * "Permission denied" names the token. Since 1.12 in `acl/errors.go`; the note about the anonymous
   * token is of later versions.
   */
  readonly namedDenials: boolean;
  /** `PeerName` and `?peer=`. Cluster peering is on by default since 1.14: changelog, `api/health.go`. */
  readonly peering: boolean;
  /** The version in the node's metadata. Seen in responses of 1.21.3; since 1.16. */
  readonly versionMeta: boolean;
  /** `Locality` of nodes and services, omitted if unknown, and `?sg=`. Since 1.16: `api/health.go`. */
  readonly locality: boolean;
  /** A development agent indents its JSON. Until 1.16: changelog of 1.17.0, hashicorp/consul #18367. */
  readonly indented: boolean;
  /**
   * What a service with several ports has. `Ports` since 1.22 (changelog, #22769); `Port` is filled
   * from the default port in patched versions (#23833, `populateLegacyNodeServicePort`). An older
   * agent in front of newer servers drops `Ports` and keeps `Port: 0` (#23815).
   */
  readonly ports: "dropped" | "only" | "both";
}

const NEWER = {
  aclPolicyHeader: true,
  queryBackend: true,
  socketPath: true,
  filteredHeader: true,
  unknownIds: true,
  checkTimes: true,
  namedDenials: true,
  peering: true,
} as const;

const NEWEST = { ...NEWER, versionMeta: true, locality: true, indented: false } as const;

const PROFILES: Readonly<Record<ConsulVersion, WireProfile>> = {
  "1.8": {
    release: "1.8.7",
    aclPolicyHeader: false,
    queryBackend: false,
    socketPath: false,
    filteredHeader: false,
    unknownIds: false,
    checkTimes: false,
    namedDenials: false,
    peering: false,
    versionMeta: false,
    locality: false,
    indented: true,
    ports: "dropped",
  },
  "1.15": {
    ...NEWER,
    release: "1.15.10",
    versionMeta: false,
    locality: false,
    indented: true,
    ports: "dropped",
  },
  "1.22": { ...NEWEST, release: "1.22.0", ports: "only" },
  "2.0": { ...NEWEST, release: "2.0.1", ports: "both" },
};

/**
 * Returns the facts of a version.
 *
 * @param version The version.
 * @returns Its facts.
 */
export function wireProfile(version: ConsulVersion): WireProfile {
  return PROFILES[version];
}
