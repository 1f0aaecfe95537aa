/**
 * Where Consul is: the `consul` part of the document and Consul's own environment variables.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";
import type { ConsulConfig, TlsConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { ACCESS_KEYS, type AccessEntries, decodeAccess } from "./consul_access.ts";
import { parseConsulAddress, splitAddresses } from "./consul_address.ts";
import { environmentAddress, environmentSsl } from "./consul_environment.ts";
import { decodeTls } from "./consul_tls.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeString, decodeStrings, type Entry, isObject, readFields } from "./weak_decode.ts";

// Consul's own default, and ContainerPilot's.
const DEFAULT_ADDRESS = "127.0.0.1:8500";

/**
 * Reads the `consul` part. For the token and TLS settings the environment wins; for the address it
 * is used when there is none.
 *
 * @param entry A string, an object, or nothing.
 * @param env The environment. An empty value counts as unset.
 * @param context Where the document comes from, and where warnings go.
 * @returns Where Consul is. Frozen.
 * @throws {ConfigFault} when neither it nor the environment gives a usable address.
 */
export function decodeConsul(
  entry: Entry,
  env: Environment,
  context: DecodeContext,
): ConsulConfig {
  const { value } = entry;
  const parts = { env, context, access: {} };
  if (value === undefined || value === null) {
    const addresses = fromEnvironment(env, context);
    if (addresses !== undefined) return consulConfig({ ...parts, addresses });
    if (context.etcd) {
      throw new ConfigFault(
        { path: ["etcd"], key: true },
        'is not supported: Piloted reads Consul, as ContainerPilot 3 does; give its address in "consul"',
      );
    }
    throw new ConfigFault(
      entry,
      'is missing: it must be an address such as "consul:8500" or an object with an address, ' +
        "unless CONSUL_HTTP_ADDR or CONSUL_HOST is set",
    );
  }
  if (typeof value === "string") {
    // A string without a scheme means http, so CONSUL_HTTP_SSL does not change it.
    const bare = /^(?:(https?):\/\/)?$/.exec(value);
    const addresses = bare ? fromEnvironment(env, context) : split(entry, value);
    return consulConfig({ ...parts, addresses, scheme: bare?.[1], assumed: "http", entry });
  }
  if (!isObject(value)) throw new ConfigFault(entry, "must be a string or an object", value);
  if (context.inCode && value.url !== undefined) return decodeLoadedConsul(entry, context);
  const keys = ["address", "addresses", "scheme", ...ACCESS_KEYS, "tls"] as const;
  const { known, unknown } = readFields(entry, keys);
  refuseUnknown(unknown, keys);
  const scheme = decodeString(known.scheme);
  if (!["", "http", "https"].includes(scheme)) {
    throw new ConfigFault(known.scheme, 'must be "http" or "https"', scheme);
  }
  return consulConfig({
    ...parts,
    addresses: decodeAddresses(known.address, known.addresses) ?? fromEnvironment(env, context),
    scheme,
    access: known,
    tls: known.tls,
    entry: known.address,
  });
}

// That of a loaded configuration. What the environment had to say is in it already.
function decodeLoadedConsul(entry: Entry, context: DecodeContext): ConsulConfig {
  const keys = ["url", "addresses", ...ACCESS_KEYS, "tokenProvider", "tls"] as const;
  const { known, unknown } = readFields(entry, keys);
  refuseUnknown(unknown, keys);
  const several = known.addresses.value === undefined ? undefined : known.addresses;
  const addresses = decodeAddresses(several ? { ...known.url, value: "" } : known.url, several);
  // Warnings of a loaded configuration are kept beside it.
  const quiet = { ...context, warn: () => {} };
  return consulConfig({ addresses, access: known, tls: known.tls, env: {}, context: quiet });
}

/** One address as it was written, and where. */
interface Written {
  readonly entry: Entry;
  readonly value: string;
}

interface ConsulParts {
  readonly addresses: readonly Written[] | undefined;
  /** Where the address would be, for messages about the default. */
  readonly entry?: Entry;
  readonly scheme?: string | undefined;
  /** Scheme of an address that has none, unless `scheme` says another. */
  readonly assumed?: "http";
  readonly access: AccessEntries;
  readonly tls?: Entry;
  readonly env: Environment;
  readonly context: DecodeContext;
}

function split(entry: Entry, text: string): readonly Written[] {
  return splitAddresses(text).map((value) => ({ entry, value }));
}

function fromEnvironment(env: Environment, context: DecodeContext) {
  const found = environmentAddress(env, context);
  return found === undefined ? undefined : split(found, found.value);
}

function decodeAddresses(address: Entry, addresses?: Entry): readonly Written[] | undefined {
  const one = decodeString(address);
  const several = addresses === undefined ? [] : decodeStrings(addresses);
  if (one !== "" && several.length > 0) {
    throw new ConfigFault(addresses!, "must be left out where there is an address: put it in here");
  }
  if (one !== "") return split(address, one);
  if (several.length === 0) return undefined;
  return several.flatMap((text, index) => {
    if (text.trim() !== "") return split({ value: text, path: [...addresses!.path, index] }, text);
    throw new ConfigFault({ path: [...addresses!.path, index] }, "must not be empty");
  });
}

function consulConfig(parts: ConsulParts): ConsulConfig {
  const { env, context, scheme: given } = parts;
  const fallback = {
    entry: parts.entry ?? { value: "", path: ["consul"] },
    value: DEFAULT_ADDRESS,
  };
  const access = decodeAccess(parts.access, env, context);
  const ssl = parts.assumed === undefined ? environmentSsl(env, context) : undefined;
  const tls = decodeTls(parts.tls, env, context);
  const scheme = given || (ssl === undefined ? "" : ssl ? "https" : "http");
  const urls = (parts.addresses ?? [fallback]).map(({ entry, value }) => {
    const { url, odd } = parseConsulAddress(value, scheme || assumedScheme(value, tls), entry);
    for (const message of odd) context.warn(entry, message);
    if (tls !== undefined && url.startsWith("http:")) context.warn(entry, IN_CLEAR);
    return url;
  });
  const addresses = Object.freeze([...new Set(urls)]);
  return Object.freeze({
    url: addresses[0]!,
    ...addresses.length > 1 && { addresses },
    ...access,
    ...tls && { tls },
  });
}

// Port 8501 is Consul's for HTTPS, so nobody who has TLS settings means http there. For other ports
// nobody can tell: https would cut off those for whom http works today.
function assumedScheme(address: string, tls: TlsConfig | undefined): string {
  return tls !== undefined && /^[^/]*:8501(\/|$)/.test(address) ? "https" : "http";
}

const IN_CLEAR =
  "is used without TLS although there are TLS settings: the token and the lists are sent in clear " +
  'text. Write "https://" before the host, or remove the TLS settings';
