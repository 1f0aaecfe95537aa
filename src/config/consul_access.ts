/**
 * How Piloted shows Consul who it is: an ACL token, where one comes from, and what goes with it.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";
import { Secret } from "../secret.ts";
import type { ConsulConfig, LoginConfig, TokenProvider } from "./config.ts";
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { decodeSecret } from "./consul_secret.ts";
import { refuseUnknown } from "./unknown_key.ts";
import { decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

/** Keys of the `consul` part that are read here. */
export const ACCESS_KEYS = [
  "token",
  "tokenFile",
  "login",
  "httpAuth",
  "namespace",
  "partition",
] as const;

/** Entries by key; a key that a document cannot have may be missing. */
export type AccessEntries = Partial<
  Readonly<Record<(typeof ACCESS_KEYS)[number] | "tokenProvider", Entry>>
>;

/** The part of a configuration that is decoded here. */
export type Access = Pick<
  ConsulConfig,
  "token" | "tokenFile" | "tokenProvider" | "login" | "httpAuth" | "namespace" | "partition"
>;

const ABSENT: Entry = { value: undefined, path: ["consul"] };

/**
 * Reads where the token comes from, and what is sent besides. The environment wins, and in it the
 * file, as for Consul's own client.
 *
 * @param entries The entries of the `consul` part.
 * @param env The environment. An empty value counts as unset.
 * @param context Where the document comes from, and where warnings go.
 * @returns What is set; at most one way to a token.
 * @throws {ConfigFault} when an entry is not valid.
 */
export function decodeAccess(
  entries: AccessEntries,
  env: Environment,
  context: DecodeContext,
): Access {
  const httpAuth = env.CONSUL_HTTP_AUTH || decodeSecret(entries.httpAuth ?? ABSENT, context);
  if (httpAuth && !httpAuth.includes(":")) {
    const at = env.CONSUL_HTTP_AUTH ? { path: ["$CONSUL_HTTP_AUTH"] } : entries.httpAuth!;
    throw new ConfigFault(at, 'must be "user:password"');
  }
  const namespace = env.CONSUL_NAMESPACE || decodeString(entries.namespace ?? ABSENT);
  const partition = env.CONSUL_PARTITION || decodeString(entries.partition ?? ABSENT);
  return {
    ...decodeToken(entries, env, context),
    ...httpAuth && { httpAuth: new Secret(httpAuth) },
    ...namespace && { namespace },
    ...partition && { partition },
  };
}

type TokenAccess = Pick<Access, "token" | "tokenFile" | "tokenProvider" | "login">;

function decodeToken(
  entries: AccessEntries,
  env: Environment,
  context: DecodeContext,
): TokenAccess {
  const login = decodeLogin(entries.login);
  const tokenFile = decodeString(entries.tokenFile ?? ABSENT);
  const provider = decodeProvider(entries, context);
  const token = provider ? "" : decodeSecret(entries.token ?? ABSENT, context);
  const ways: readonly (readonly [name: string, way: TokenAccess])[] = [
    ...env.CONSUL_HTTP_TOKEN_FILE
      ? [["$CONSUL_HTTP_TOKEN_FILE", { tokenFile: env.CONSUL_HTTP_TOKEN_FILE }] as const]
      : [],
    ...env.CONSUL_HTTP_TOKEN
      ? [["$CONSUL_HTTP_TOKEN", { token: new Secret(env.CONSUL_HTTP_TOKEN) }] as const]
      : [],
    ...login ? [["login", { login }] as const] : [],
    ...tokenFile ? [["tokenFile", { tokenFile }] as const] : [],
    ...provider ? [["token", { tokenProvider: provider }] as const] : [],
    ...token ? [["token", { token: new Secret(token) }] as const] : [],
  ];
  const [chosen, ...others] = ways;
  if (chosen === undefined) return {};
  for (const [name] of others) {
    // That a variable stands before the file's token is its purpose.
    if (chosen[0].startsWith("$") && name === "token") continue;
    const path = name.startsWith("$") ? [name] : ["consul", name];
    context.warn({ path }, `is left out, because ${chosen[0]} is set`);
  }
  return chosen[1];
}

function decodeProvider(entries: AccessEntries, { inCode }: DecodeContext) {
  const { token, tokenProvider } = entries;
  for (const entry of [tokenProvider, token]) {
    if (inCode && typeof entry?.value === "function") return entry.value as TokenProvider;
  }
  if (tokenProvider?.value !== undefined && tokenProvider.value !== null) {
    throw new ConfigFault(tokenProvider, "must be a function");
  }
  return undefined;
}

function decodeLogin(entry: Entry | undefined): LoginConfig | undefined {
  if (entry?.value === undefined || entry.value === null) return undefined;
  const keys = ["method", "bearerTokenFile", "meta"] as const;
  const { known, unknown } = readFields(entry, keys);
  refuseUnknown(unknown, keys);
  const text = (name: "method" | "bearerTokenFile", what: string) => {
    const value = decodeString(known[name]);
    if (value === "") throw new ConfigFault(known[name], `must be ${what}`);
    return value;
  };
  const meta = decodeMeta(known.meta);
  return Object.freeze({
    method: text("method", "the name of an auth method"),
    bearerTokenFile: text("bearerTokenFile", "the path of a file with the bearer token"),
    ...meta && { meta },
  });
}

function decodeMeta(entry: Entry): Readonly<Record<string, string>> | undefined {
  const { value, path } = entry;
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new ConfigFault(entry, "must be an object of texts", value);
  const members = Object.entries(value).map(([key, member]) =>
    [key, decodeString({ value: member, path: [...path, key] })] as const
  );
  return Object.freeze(Object.fromEntries(members));
}
