/**
 * What the contract expects of a version of Consul. Independent of the embedded one: from the
 * documentation and the changelog of Consul, see docs/testing.md.
 */

/** Facts of one version. */
export interface ConsulFacts {
  readonly version: string;
  /** X-Consul-Default-ACL-Policy, 1.9. */
  readonly policyHeader: boolean;
  /** X-Consul-Query-Backend, SocketPath, and times in checks, 1.10. */
  readonly backendHeader: boolean;
  /** X-Consul-Results-Filtered-By-ACLs, and 404 for unknown ids, 1.11. */
  readonly filteredHeader: boolean;
  readonly unknownIds: boolean;
  /** "Permission denied" names token and permission, 1.12. */
  readonly namedDenials: boolean;
  /** PeerName and ?peer=, on by default in 1.14. */
  readonly peering: boolean;
  /** Locality and the version in the node's metadata, 1.16. */
  readonly locality: boolean;
  /** A development agent indents its JSON, until 1.16. */
  readonly indented: boolean;
  /** Several ports, 1.22. */
  readonly ports: boolean;
}

/** Returns the facts of a version such as "1.8.7". */
export function factsOf(version: string): ConsulFacts {
  const since = (wanted: string) => atLeast(version, wanted);
  return {
    version,
    policyHeader: since("1.9"),
    backendHeader: since("1.10"),
    filteredHeader: since("1.11"),
    unknownIds: since("1.11"),
    namedDenials: since("1.12"),
    peering: since("1.14"),
    locality: since("1.16"),
    indented: !since("1.17"),
    ports: since("1.22"),
  };
}

/** Returns whether a version is at least another one, such as "1.10". */
export function atLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || major === wantedMajor && minor >= wantedMinor;
}
