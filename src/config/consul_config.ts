/**
 * Where Consul is: the `consul` part of the document and Consul's own environment variables.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";
import type { ConsulConfig, TlsConfig } from "./config.ts";
import { ConfigFault, type Path } from "./config_fault.ts";
import { parseConsulAddress } from "./consul_address.ts";
import { decodeBoolean, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

// Consul's own default, which ContainerPilot falls back on as well.
const DEFAULT_ADDRESS = "127.0.0.1:8500";
const DEFAULT_PORT = "8500";

/**
 * Reads the `consul` part. The environment wins over it for the token and TLS, and fills in for an
 * address that it does not give.
 *
 * @param entry A string, an object, or nothing.
 * @param env The environment. An empty value counts as unset.
 * @param warn Takes what is odd about the address.
 * @returns Where Consul is. Frozen, with a token that is not enumerable.
 * @throws {ConfigFault} when neither it nor the environment gives a usable address.
 */
export function decodeConsul(
  entry: Entry,
  env: Environment,
  warn: (entry: Entry, message: string) => void,
): ConsulConfig {
  const { value } = entry;
  const parts = { entry, env, warn };
  if (value === undefined || value === null) {
    if (environmentAddress(env) !== undefined) return consulConfig({ ...parts, address: "" });
    throw new ConfigFault(
      entry,
      'is missing: it must be an address such as "consul:8500" or an object with an address, ' +
        "unless CONSUL_HTTP_ADDR or CONSUL_HOST is set",
    );
  }
  if (typeof value === "string") {
    // A bare string says http unless it says https, so CONSUL_HTTP_SSL does not change it.
    const bare = /^(?:(https?):\/\/)?$/.exec(value);
    return consulConfig({ ...parts, address: bare ? "" : value, scheme: bare?.[1] ?? "http" });
  }
  if (!isObject(value)) throw new ConfigFault(entry, "must be a string or an object", value);
  const { known, unknown } = readFields(entry, ["address", "scheme", "token", "tls"]);
  for (const path of unknown) throw unknownKey(path, "address, scheme, token and tls");
  const scheme = decodeString(known.scheme);
  if (!["", "http", "https"].includes(scheme)) {
    throw new ConfigFault(known.scheme, 'must be "http" or "https"', scheme);
  }
  const address = decodeString(known.address);
  const token = decodeString(known.token);
  return consulConfig({ ...parts, entry: known.address, address, scheme, token, tls: known.tls });
}

interface ConsulParts {
  entry: Entry;
  address: string;
  scheme?: string;
  token?: string;
  tls?: Entry;
  env: Environment;
  warn(entry: Entry, message: string): void;
}

function consulConfig(parts: ConsulParts): ConsulConfig {
  const { env } = parts;
  const given = { ...parts.entry, value: parts.address };
  const entry = parts.address === "" ? environmentAddress(env) ?? given : given;
  const address = entry.value || DEFAULT_ADDRESS;
  const scheme = parts.scheme || (environmentSsl(env) ? "https" : "http");
  const { url, odd } = parseConsulAddress(address, scheme, entry);
  for (const message of odd) parts.warn(entry, message);
  const token = env.CONSUL_HTTP_TOKEN || parts.token;
  const tls = decodeTls(parts.tls, env);
  const config = { url, ...tls && { tls } };
  // Not enumerable, so that printing or copying a configuration does not carry the token along.
  if (token) Object.defineProperty(config, "token", { value: token });
  return Object.freeze(config);
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

function decodeTls(entry: Entry | undefined, env: Environment): TlsConfig | undefined {
  const names = ["cafile", "capath", "clientcert", "clientkey", "servername", "verify"] as const;
  const value = entry?.value ?? {};
  const { known, unknown } = readFields({ path: ["consul", "tls"], ...entry, value }, names);
  for (const path of unknown) throw unknownKey(path, names.join(", "));
  const caFile = env.CONSUL_CACERT || decodeString(known.cafile);
  const caPath = env.CONSUL_CAPATH || decodeString(known.capath);
  const certFile = env.CONSUL_CLIENT_CERT || decodeString(known.clientcert);
  const keyFile = env.CONSUL_CLIENT_KEY || decodeString(known.clientkey);
  const serverName = env.CONSUL_TLS_SERVER_NAME || decodeString(known.servername);
  const verify = environmentVerify(env) ?? decodeBoolean(known.verify);
  const tls = {
    ...caFile && { caFile },
    ...caPath && { caPath },
    ...certFile && { certFile },
    ...keyFile && { keyFile },
    ...serverName && { serverName },
    ...verify !== undefined && { verify },
  };
  return Object.keys(tls).length === 0 ? undefined : Object.freeze({ verify: true, ...tls });
}

// ContainerPilot takes only these words here and ignores others.
function environmentVerify(env: Environment): boolean | undefined {
  const word = env.CONSUL_HTTP_SSL_VERIFY?.toLowerCase();
  if (word === "1" || word === "true") return true;
  if (word === "0" || word === "false") return false;
  return undefined;
}

function unknownKey(path: Path, known: string): ConfigFault {
  return new ConfigFault({ path, key: true }, `is not known here: the keys are ${known}`);
}
