import { ConfigFault, HIDDEN } from "./config_fault.ts";
import type { Entry } from "./weak_decode.ts";

/** An address of Consul as a URL. */
export interface ConsulAddress {
  /** `scheme://host:port/prefix` without a trailing slash. */
  readonly url: string;
  /** What is probably a mistake, as texts to be read after the path. */
  readonly odd: readonly string[];
}

/**
 * Reads an address of Consul.
 *
 * @param address `host:port`, with or without `http://` or `https://`, and with a path if Consul is
 * behind a prefix.
 * @param scheme The scheme of an address that has none.
 * @param entry Where the address was given, for errors.
 * @returns The URL.
 * @throws {ConfigFault} when it is not valid. An address with a user name or a query is never shown.
 */
export function parseConsulAddress(address: string, scheme: string, entry: Entry): ConsulAddress {
  // What may be a password or a token is not repeated.
  const shown = /[@?#]/.test(address) ? HIDDEN : address;
  const refuse = (problem: string) => new ConfigFault(entry, problem, shown);
  const [, given, rest] = /^(?:([^/]*?):\/\/)?(.*)$/s.exec(address) as unknown as [
    string,
    string?,
    string?,
  ];
  if (given === "unix") {
    throw refuse(
      "must be a host and a port: unix sockets are not supported, let Consul listen on TCP",
    );
  }
  if (given !== undefined && given !== "http" && given !== "https") {
    throw refuse('must start with "http://", "https://" or the host');
  }
  if (/[@?#\\]/.test(rest!)) {
    throw refuse(
      "must be a host, a port and a path, without a user name, password or query: " +
        "an ACL token goes into consul.token or CONSUL_HTTP_TOKEN",
    );
  }
  const authority = /^[^/]*/.exec(rest!)![0];
  if (!authority.startsWith("[") && authority.split(":").length > 2) {
    throw refuse('must have an IPv6 address in brackets, such as "[::1]:8500"');
  }
  const odd: string[] = [];
  // Go dials 127.0.0.1 when the host is empty, so ContainerPilot does too.
  const host = authority === "" || authority.startsWith(":") ? "127.0.0.1" : "";
  if (host !== "") odd.push("names no host: 127.0.0.1 is used");
  if (!/:[0-9]+$/.test(authority)) {
    odd.push(
      `names no port: ${(given ?? scheme) === "https" ? 443 : 80} is used, Consul's is 8500`,
    );
  }
  // URL silently drops white space and control characters; here they are mistakes.
  const url = /[\s\p{C}]/u.test(address)
    ? undefined
    : parseUrl(`${given ?? scheme}://${host}${rest}`);
  if (url === undefined) throw refuse('must be a host and a port such as "consul:8500"');
  if (url.port === "0") throw refuse("must have a port from 1 to 65535");
  return { url: url.href.replace(/\/+$/, ""), odd };
}

// Not URL.canParse(): Node 20's refuses any host beyond ASCII after a few thousand calls.
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
