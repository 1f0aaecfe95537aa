import type { Environment } from "../runtime/environment.ts";
import { Secret } from "../secret.ts";
import type { TlsConfig } from "./config.ts";
import type { DecodeContext } from "./config_fault.ts";
import { environmentVerify } from "./consul_environment.ts";
import { decodeSecret } from "./consul_secret.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeBoolean, decodeString, type Entry, readFields } from "./weak_decode.ts";

const TLS_KEYS = ["cafile", "capath", "clientcert", "clientkey", "servername", "verify"] as const;
// The keys of a loaded configuration that differ from them in more than case.
const LOADED_TLS_KEYS = ["certFile", "keyFile"] as const;

type TlsKey = (typeof TLS_KEYS | typeof LOADED_TLS_KEYS)[number];

/**
 * Reads the TLS settings. The environment wins.
 *
 * @param entry The `tls` part, or nothing.
 * @param env The environment.
 * @param context Where the document comes from.
 * @returns The settings, `undefined` when there are none.
 * @throws {ConfigFault} when they are not valid.
 */
export function decodeTls(
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
