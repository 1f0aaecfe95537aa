/**
 * Where other Piloteds are whose lists are read instead of Consul's.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";
import { Secret } from "../secret.ts";
import type { UpstreamConfig } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { parseConsulAddress, splitAddresses } from "./consul_address.ts";
import { decodeSecret } from "./consul_secret.ts";
import { decodeTls } from "./consul_tls.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeString, decodeStrings, type Entry, isObject, readFields } from "./weak_decode.ts";

const KEYS = ["address", "addresses", "token", "tokenFile", "tls"] as const;
const VARIABLE = "$PILOTED_UPSTREAM";

/**
 * Reads the `upstream` part. The environment names the upstreams when the document does not, and its
 * token wins.
 *
 * @param entry One address, a list of them, an object, or nothing.
 * @param env The environment. An empty value counts as unset.
 * @param context Where the document comes from, and where warnings go.
 * @returns Where the upstreams are; `undefined` when there are none. Frozen.
 * @throws {ConfigFault} when it is not valid.
 */
export function decodeUpstream(
  entry: Entry,
  env: Environment,
  context: DecodeContext,
): UpstreamConfig | undefined {
  const { value, path } = entry;
  const isPlain = !isObject(value);
  const fields = isPlain ? { known: undefined, unknown: [] } : readFields(entry, KEYS);
  refuseUnknown(fields.unknown, KEYS);
  const { known } = fields;
  if (known && known.address.value !== undefined && known.addresses.value !== undefined) {
    throw new ConfigFault(known.addresses, "must be left out where there is an address");
  }
  const given = known === undefined
    ? entry
    : known.addresses.value === undefined
    ? known.address
    : known.addresses;
  const written = decodeStrings(given).flatMap((text, index) => {
    const at = Array.isArray(given.value) ? [...given.path, index] : given.path;
    return splitAddresses(text.trim()).map((value) => ({ value, path: at }));
  }).filter(({ value }) => value !== "");
  const variable = env.PILOTED_UPSTREAM?.trim();
  if (written.length === 0 && variable) {
    written.push(...splitAddresses(variable).map((value) => ({ value, path: [VARIABLE] })));
  }
  if (written.length === 0) {
    if (value === undefined || value === null || value === "") return undefined;
    if (Array.isArray(value) && value.length === 0) return undefined;
    throw new ConfigFault(
      known === undefined ? entry : { path: [...path, "address"] },
      'must be an address such as "http://discovery:8080" or "unix:///run/piloted.sock"',
    );
  }
  const tls = known === undefined ? undefined : decodeTls(known.tls, {}, context);
  const addresses = written.map(({ value, path }) => {
    // Both are usual; only one of them is a URL.
    const text = value.replace(/^unix:(?!\/\/)/, "unix://");
    const scheme = tls === undefined ? "http" : "https";
    const at = { value, path };
    const { url, odd } = parseConsulAddress(text, scheme, at);
    for (const message of odd) {
      if (!message.startsWith("names no port")) context.warn(at, message);
    }
    if (tls !== undefined && url.startsWith("http:")) {
      context.warn(at, "is used without TLS although there are TLS settings");
    }
    return url;
  });
  const token = env.PILOTED_UPSTREAM_TOKEN || (known && decodeSecret(known.token, context));
  const tokenFile = known && decodeString(known.tokenFile);
  if (token && tokenFile && !env.PILOTED_UPSTREAM_TOKEN) {
    throw new ConfigFault(known!.tokenFile, "must be left out where there is a token");
  }
  return Object.freeze({
    addresses: Object.freeze([...new Set(addresses)]),
    ...token && { token: new Secret(token) },
    ...tokenFile && !token && { tokenFile },
    ...tls && { tls },
  });
}
