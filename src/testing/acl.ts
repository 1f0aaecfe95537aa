/**
 * The access control of the embedded Consul: tokens, their rules, and logins.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** What a rule grants. `"write"` includes `"read"`. */
export type Access = "read" | "write" | "deny";

/** Rules by name, or by `prefix-*`; `*` matches every name. An exact name wins, then the longest prefix. */
export type AccessRules = Readonly<Record<string, Access>>;

/** What a token may do. What no rule matches follows the default policy. */
export interface TokenRules {
  /** Services: `read` shows their instances, `write` also registers them. @default {{}} */
  readonly service?: AccessRules | undefined;
  /**
   * Nodes. An instance is visible only if its node can be read too; `{}` grants none. `write` allows
   * maintenance of the node, and, with the service, writes to the catalog.
   * @default {{ "*": "read" }}
   */
  readonly node?: AccessRules | undefined;
  /** Agents, by the name of their node: `read` allows `/v1/agent/self`. @default {{}} */
  readonly agent?: AccessRules | undefined;
}

/** Rules of a token, or `"management"` for one that may do everything. */
export type TokenGrant = "management" | TokenRules;

/**
 * Decides on a login.
 *
 * @param bearerToken The token that the client presented.
 * @param meta The metadata that it presented.
 * @returns What the new token may do, or `undefined` to reject the login.
 */
export type AuthMethod = (
  bearerToken: string,
  meta: Readonly<Record<string, string>>,
) => TokenGrant | undefined;

/** Access control of an `EmbeddedConsul`. */
export interface EmbeddedAcl {
  /** What happens where no rule matches. @default {"deny"} */
  readonly defaultPolicy?: "allow" | "deny" | undefined;
  /** Tokens by secret. `anonymous` is what requests without a token may do. @default {{}} */
  readonly tokens?: Readonly<Record<string, TokenGrant>> | undefined;
  /** Methods of `/v1/acl/login`, by name. @default {{}} */
  readonly authMethods?: Readonly<Record<string, AuthMethod>> | undefined;
  /** Milliseconds after which a token of a login expires. @default {never} */
  readonly loginTtlMs?: number | undefined;
}

/** Kinds of rules. */
export type Resource = "service" | "node" | "agent";

/** A token as `/v1/acl/login` and `/v1/acl/token/self` describe it. */
export interface Token {
  readonly accessor: string;
  readonly secret: string;
  readonly description: string;
  readonly grant: TokenGrant;
  /** Name of the auth method that created it, if one did. */
  readonly authMethod?: string | undefined;
  /** When it was created, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** When it expires, in milliseconds since the Unix epoch. */
  readonly expiresAt?: number | undefined;
}

/** The secret of the token that requests without one use. */
export const ANONYMOUS = "anonymous";
/** Its accessor: `AnonymousTokenID` of `acl/acl.go`. */
const ANONYMOUS_ACCESSOR = "00000000-0000-0000-0000-000000000002";

/** Tokens and their rules. */
export class AccessControl {
  /** Whether ACLs are on. Without, every request may do everything. */
  readonly enabled: boolean;
  /** What happens where no rule matches; `"allow"` if ACLs are off. */
  readonly defaultPolicy: "allow" | "deny";
  readonly #clock: Clock;
  readonly #authMethods: Readonly<Record<string, AuthMethod>>;
  readonly #loginTtlMs: number | undefined;
  readonly #tokens = new Map<string, Token>();
  #created = 0;

  /**
   * Creates the access control.
   *
   * @param acl Policy, tokens and auth methods; `undefined` turns ACLs off.
   * @param clock Clock of the tokens that expire.
   */
  constructor(acl: EmbeddedAcl | undefined, clock: Clock) {
    this.enabled = acl !== undefined;
    this.defaultPolicy = acl === undefined ? "allow" : acl.defaultPolicy ?? "deny";
    this.#clock = clock;
    this.#authMethods = acl?.authMethods ?? {};
    this.#loginTtlMs = acl?.loginTtlMs;
    for (const [secret, grant] of Object.entries(acl?.tokens ?? {})) this.add(secret, grant);
  }

  /**
   * Adds a token, or replaces the rules of an existing one.
   *
   * @param secret Its secret.
   * @param grant What it may do.
   * @param ttlMs Milliseconds after which it expires. @default {never}
   * @returns The token.
   */
  add(secret: string, grant: TokenGrant, ttlMs?: number): Token {
    return this.#store(secret, grant, { description: "", ttlMs });
  }

  /**
   * Removes a token; requests with it are rejected from then on.
   *
   * @param secret Its secret.
   * @returns `false` if there was no such token.
   */
  remove(secret: string): boolean {
    return this.#tokens.delete(secret);
  }

  /**
   * Returns a token that has not expired.
   *
   * @param secret Its secret.
   * @returns The token, or `undefined` if it is unknown or expired.
   */
  token(secret: string): Token | undefined {
    const token = this.#tokens.get(secret) ??
      (secret === ANONYMOUS ? this.#anonymous() : undefined);
    const expired = token?.expiresAt !== undefined && token.expiresAt <= this.#clock.now();
    return expired ? undefined : token;
  }

  /**
   * Creates a token for a client that presents credentials.
   *
   * @param method Name of the auth method.
   * @param bearerToken Its credentials.
   * @param meta Its metadata.
   * @returns The token; `"unknown"` if there is no such method, `"denied"` if it rejects the client.
   */
  login(
    method: string,
    bearerToken: string,
    meta: Readonly<Record<string, string>>,
  ): Token | "unknown" | "denied" {
    if (!Object.hasOwn(this.#authMethods, method)) return "unknown";
    const grant = this.#authMethods[method]!(bearerToken, meta);
    if (grant === undefined) return "denied";
    const about = Object.keys(meta).length === 0 ? "" : `: ${JSON.stringify(meta)}`;
    return this.#store(crypto.randomUUID(), grant, {
      description: `token created via login${about}`,
      ttlMs: this.#loginTtlMs,
      authMethod: method,
    });
  }

  /**
   * Returns whether a token may do something.
   *
   * @param token The token.
   * @param resource Kind of what it is done to.
   * @param name Its name.
   * @param level Whether it is read or written.
   * @returns `true` if it may.
   */
  allows(token: Token, resource: Resource, name: string, level: "read" | "write"): boolean {
    if (token.grant === "management") return true;
    const rules = token.grant[resource] ?? DEFAULT_RULES[resource];
    const access = ruleFor(rules, name);
    if (access === undefined) return this.defaultPolicy === "allow";
    return access === "write" || access === level;
  }

  #store(
    secret: string,
    grant: TokenGrant,
    facts: {
      readonly description: string;
      readonly ttlMs?: number | undefined;
      readonly authMethod?: string | undefined;
    },
  ): Token {
    const { description, ttlMs, authMethod } = facts;
    const createdAt = this.#clock.now();
    const number = String(++this.#created).padStart(12, "0");
    const accessor = secret === ANONYMOUS
      ? ANONYMOUS_ACCESSOR
      : this.#tokens.get(secret)?.accessor ?? `00000000-0000-4000-9000-${number}`;
    const expiresAt = ttlMs === undefined ? undefined : createdAt + ttlMs;
    const token = { accessor, secret, description, grant, authMethod, createdAt, expiresAt };
    this.#tokens.set(secret, token);
    return token;
  }

  #anonymous(): Token {
    return {
      accessor: ANONYMOUS_ACCESSOR,
      secret: ANONYMOUS,
      description: "Anonymous Token",
      // Without ACLs nothing is denied; with them this token has no policy.
      grant: this.enabled ? { node: {} } : "management",
      createdAt: 0,
    };
  }
}

const DEFAULT_RULES: Readonly<Record<Resource, AccessRules>> = {
  service: {},
  node: { "*": "read" },
  agent: {},
};

// As in `acl/policy_authorizer.go`: an exact rule, else the one with the longest prefix.
function ruleFor(rules: AccessRules, name: string): Access | undefined {
  if (Object.hasOwn(rules, name) && !name.endsWith("*")) return rules[name];
  let best: string | undefined;
  for (const rule of Object.keys(rules)) {
    if (!rule.endsWith("*") || !name.startsWith(rule.slice(0, -1))) continue;
    if (best === undefined || rule.length > best.length) best = rule;
  }
  return best === undefined ? undefined : rules[best];
}
