import { ConfigFault, HIDDEN } from "./config_fault.ts";
import type { Entry } from "./weak_decode.ts";

/** An address of Consul as a URL. */
export interface ConsulAddress {
  /** `scheme://host:port/prefix` without a trailing slash, or `unix:///path` of a socket. */
  readonly url: string;
  /** What is probably a mistake, as texts to be read after the path. */
  readonly odd: readonly string[];
}

/**
 * Splits a text that may name several servers: `a:8500,b:8500`.
 *
 * @param text Addresses with commas between them.
 * @returns One text for each; `[""]` for a text without any.
 */
export function splitAddresses(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  // One alone stays as it is: a blank in it is a mistake, and is reported as one.
  return parts.length > 1 || text.includes(",") ? parts.length > 0 ? parts : [""] : [text];
}

/**
 * Reads an address of Consul.
 *
 * @param address `host:port`, with or without `http://`, `https://` or `tcp://`, and with a path if
 * Consul is behind a prefix; or `unix:///path` of a socket.
 * @param scheme The scheme of an address that has none.
 * @param entry Where the address was given, for errors.
 * @returns The URL.
 * @throws {ConfigFault} when it is not valid. An address with a user name or a query is never shown.
 */
export function parseConsulAddress(address: string, scheme: string, entry: Entry): ConsulAddress {
  // What may be a password or a token is not repeated.
  const shown = /[@?#]/.test(address) ? HIDDEN : address;
  const refuse = (problem: string) => new ConfigFault(entry, problem, shown);
  const [, prefix, rest] = /^(?:([^/]*?):\/\/)?(.*)$/s.exec(address) as unknown as [
    string,
    string?,
    string?,
  ];
  if (prefix === "unix") return { url: parseSocketPath(rest!, refuse), odd: [] };
  const odd: string[] = [];
  // Kubernetes' and Docker's variables for linked services have it: an address without a scheme.
  const given = prefix === "tcp" ? undefined : prefix;
  if (prefix === "tcp") odd.push(`starts with "tcp://", which is read as "${scheme}://"`);
  if (given !== undefined && given !== "http" && given !== "https") {
    throw refuse('must start with "http://", "https://", "unix://" or the host');
  }
  if (/[@?#\\]/.test(rest!)) {
    throw refuse(
      "must be a host, a port and a path, without a user name, password or query: " +
        "an ACL token goes into consul.token or CONSUL_HTTP_TOKEN",
    );
  }
  const authority = /^[^/]*/.exec(rest!)![0];
  if (/:[0-9]+\s*[;\s]\s*[^;\s]/.test(authority)) {
    throw refuse("must be one address, or several with commas between them");
  }
  checkColons(authority, refuse);
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

type Refuse = (problem: string) => ConfigFault;

// "consul:8500:8500" comes of a variable with a port in it and a port after it.
function checkColons(authority: string, refuse: Refuse): void {
  if (authority.startsWith("[") || authority.split(":").length <= 2) return;
  const twice = /^[^:]*:[0-9]*((?::[0-9]*)+)$/.exec(authority);
  // An IPv6 address has eight groups, or "::".
  const isIpv6 = authority.includes("::") || authority.split(":").length > 7;
  if (twice !== null && !(isIpv6 && /^[0-9a-f]{0,4}:/i.test(authority))) {
    throw refuse(
      `must have one port: this has a second one, ${JSON.stringify(twice[1])}, probably because ` +
        "a variable already has a port",
    );
  }
  throw refuse('must have an IPv6 address in brackets, such as "[::1]:8500"');
}

function parseSocketPath(path: string, refuse: Refuse): string {
  // The path is a part of a URL later on, and ends at its end.
  if (!/^\/[^\s\p{C}?#]*[^\s\p{C}?#/]$/u.test(path)) {
    throw refuse('must be the absolute path of a socket, such as "unix:///run/consul.sock"');
  }
  return `unix://${path}`;
}

// Not URL.canParse(): Node 20's refuses any host beyond ASCII after a few thousand calls.
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
