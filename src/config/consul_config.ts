/**
 * Where Consul is: the `consul` part of the document and Consul's own environment variables.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";
import { HIDDEN_TEXT, isSecret, Secret } from "../secret.ts";
import type { ConsulConfig, TlsConfig } from "./config.ts";
import { ConfigFault, type DecodeContext, type Path } from "./config_fault.ts";
import { parseConsulAddress } from "./consul_address.ts";
import { unknownKeyProblem } from "./unknown_key.ts";
import { decodeBoolean, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

// Consul's own default, and ContainerPilot's.
const DEFAULT_ADDRESS = "127.0.0.1:8500";
const DEFAULT_PORT = "8500";

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
  const parts = { entry, env, context };
  if (value === undefined || value === null) {
    if (environmentAddress(env) !== undefined) return consulConfig({ ...parts, address: "" });
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
    return consulConfig({ ...parts, address: bare ? "" : value, scheme: bare?.[1] ?? "http" });
  }
  if (!isObject(value)) throw new ConfigFault(entry, "must be a string or an object", value);
  if (context.inCode && value.url !== undefined) return decodeLoadedConsul(entry, context);
  const keys = ["address", "scheme", "token", "tls"] as const;
  const { known, unknown } = readFields(entry, keys);
  refuseUnknown(unknown, keys);
  const scheme = decodeString(known.scheme);
  if (!["", "http", "https"].includes(scheme)) {
    throw new ConfigFault(known.scheme, 'must be "http" or "https"', scheme);
  }
  const address = decodeString(known.address);
  const token = decodeSecret(known.token, context);
  return consulConfig({ ...parts, entry: known.address, address, scheme, token, tls: known.tls });
}

// That of a loaded configuration. What the environment had to say is in it already.
function decodeLoadedConsul(entry: Entry, context: DecodeContext): ConsulConfig {
  const keys = ["url", "token", "tls"] as const;
  const { known, unknown } = readFields(entry, keys);
  refuseUnknown(unknown, keys);
  const address = decodeString(known.url);
  const token = decodeSecret(known.token, context);
  return consulConfig({ entry: known.url, address, token, tls: known.tls, env: {}, context });
}

interface ConsulParts {
  entry: Entry;
  address: string;
  scheme?: string;
  token?: string;
  tls?: Entry;
  env: Environment;
  context: DecodeContext;
}

function consulConfig(parts: ConsulParts): ConsulConfig {
  const { env } = parts;
  const given = { ...parts.entry, value: parts.address };
  const entry = parts.address === "" ? environmentAddress(env) ?? given : given;
  const address = entry.value || DEFAULT_ADDRESS;
  const scheme = parts.scheme || (environmentSsl(env) ? "https" : "http");
  const { url, odd } = parseConsulAddress(address, scheme, entry);
  for (const message of odd) parts.context.warn(entry, message);
  const token = env.CONSUL_HTTP_TOKEN || parts.token;
  const tls = decodeTls(parts.tls, env, parts.context);
  return Object.freeze({ url, ...token && { token: new Secret(token) }, ...tls && { tls } });
}

function environmentAddress(env: Environment): { value: string; path: Path } | undefined {
  if (env.CONSUL_HTTP_ADDR) return { value: env.CONSUL_HTTP_ADDR, path: ["$CONSUL_HTTP_ADDR"] };
  if (!env.CONSUL_HOST) return undefined;
  const port = env.CONSUL_PORT || DEFAULT_PORT;
  return { value: `${env.CONSUL_HOST}:${port}`, path: ["$CONSUL_HOST"] };
}

function environmentSsl(env: Environment): boolean | undefined {
  return decodeBoolean({ value: env.CONSUL_HTTP_SSL, path: ["$CONSUL_HTTP_SSL"] });
}

const TLS_KEYS = ["cafile", "capath", "clientcert", "clientkey", "servername", "verify"] as const;
// The keys of a loaded configuration that differ from them in more than case.
const LOADED_TLS_KEYS = ["certFile", "keyFile"] as const;

function decodeTls(
  entry: Entry = { path: ["consul", "tls"], value: undefined },
  env: Environment,
  context: DecodeContext,
): TlsConfig | undefined {
  const { inCode } = context;
  const names = inCode ? [...TLS_KEYS, ...LOADED_TLS_KEYS] : TLS_KEYS;
  const { known, unknown } = readFields<TlsKey>({ ...entry, value: entry.value ?? {} }, names);
  refuseUnknown(unknown, names);
  const cert = inCode && known.certFile.value !== undefined ? known.certFile : known.clientcert;
  const key = inCode && known.keyFile.value !== undefined ? known.keyFile : known.clientkey;
  const caFile = env.CONSUL_CACERT || decodeString(known.cafile);
  const caPath = env.CONSUL_CAPATH || decodeString(known.capath);
  const certFile = env.CONSUL_CLIENT_CERT || decodeString(cert);
  const keyFile = env.CONSUL_CLIENT_KEY || decodeSecret(key, context);
  const serverName = env.CONSUL_TLS_SERVER_NAME || decodeString(known.servername);
  const verify = environmentVerify(env) ?? decodeBoolean(known.verify);
  const tls = {
    ...caFile && { caFile },
    ...caPath && { caPath },
    ...certFile && { certFile },
    ...keyFile && { keyFile: new Secret(keyFile) },
    ...serverName && { serverName },
    ...verify !== undefined && { verify },
  };
  return Object.keys(tls).length === 0 ? undefined : Object.freeze({ verify: true, ...tls });
}

type TlsKey = (typeof TLS_KEYS | typeof LOADED_TLS_KEYS)[number];

function decodeSecret(entry: Entry, { inCode }: DecodeContext): string {
  const { value } = entry;
  const text = inCode && isSecret(value) ? value.reveal() : value;
  if (text === HIDDEN_TEXT || inCode && isObject(text)) {
    throw new ConfigFault(
      entry,
      "must be a string or the secret of a loaded configuration: its text is lost in JSON and in a " +
        "structured clone, copy the configuration with { ...config } instead",
    );
  }
  return decodeString({ ...entry, value: text });
}

// ContainerPilot knows only these words and ignores others.
function environmentVerify(env: Environment): boolean | undefined {
  const word = env.CONSUL_HTTP_SSL_VERIFY?.toLowerCase();
  if (word === "1" || word === "true") return true;
  if (word === "0" || word === "false") return false;
  return undefined;
}

function refuseUnknown(unknown: readonly Path[], keys: readonly string[]): void {
  for (const path of unknown) {
    throw new ConfigFault({ path, key: true }, unknownKeyProblem(String(path.at(-1)), keys));
  }
}
