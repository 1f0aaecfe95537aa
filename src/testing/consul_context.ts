/**
 * Types and helpers that the routes of the embedded Consul share.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { Clock } from "../clock.ts";
import { type AccessControl, ANONYMOUS, type Resource, type Token } from "./acl.ts";
import type { Catalog } from "./catalog.ts";
import type { LocalAgent } from "./local_agent.ts";
import { redirect } from "./consul_path.ts";
import { Refusal } from "./refusal.ts";
import type { WireProfile } from "./wire_profile.ts";

/** State of one datacenter. */
export interface DatacenterState {
  readonly name: string;
  readonly catalog: Catalog;
  readonly agent: LocalAgent;
}

/** State that the routes read and change. */
export interface ConsulState {
  /** All datacenters by name. */
  readonly datacenters: ReadonlyMap<string, DatacenterState>;
  /** The datacenter of the agent. */
  readonly local: DatacenterState;
  /** Tokens and their rules. */
  readonly access: AccessControl;
  /** What is particular to its version. */
  readonly profile: WireProfile;
  /** Whether blocking queries for the health of a service use the streaming backend. */
  readonly streaming: boolean;
  /** Whether it has namespaces, admin partitions and sameness groups. */
  readonly enterprise: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Hono's types for these routes. */
export interface ConsulEnv {
  Bindings: {
    /** The decoded path. */
    readonly path: string;
    /** Ends a blocking query. */
    readonly signal: AbortSignal;
  };
}

/** A Hono application with these routes. */
export type ConsulApp = Hono<ConsulEnv>;
/** One request to these routes. */
export type ConsulContext = Context<ConsulEnv>;
/** Handles one request. */
export type ConsulHandler = (context: ConsulContext) => Response | Promise<Response>;

/**
 * Adds a route for one method. Other methods are rejected as Consul rejects them.
 *
 * @param app The application to add it to.
 * @param method HTTP method.
 * @param path Path for Hono; `/*` at the end matches a name, which may contain an encoded slash.
 * @param handler Handles the request.
 */
export function route(
  app: ConsulApp,
  method: "GET" | "PUT" | "POST",
  path: string,
  handler: ConsulHandler,
): void {
  const folder = path.endsWith("/*") ? path.slice(0, -2) : undefined;
  app.all(path, (context) => {
    if (context.env.path === folder) throw redirect(`${folder}/`);
    const received = context.req.raw.method;
    const allow = { Allow: `OPTIONS,${method}`, Vary: "Accept-Encoding" };
    if (received === "OPTIONS") return new Response(null, { headers: allow });
    if (received !== method) throw new Refusal(405, `method ${received} not allowed`, allow);
    return handler(context);
  });
}

/**
 * Returns the decoded rest of the path.
 *
 * @param context The request.
 * @param prefix Path before the name, including the slash.
 * @returns The name, `""` if there is none.
 */
export function nameAfter(context: ConsulContext, prefix: string): string {
  return context.env.path.slice(prefix.length);
}

/**
 * Returns the query parameters of a request.
 *
 * @param context The request.
 * @returns The parameters.
 */
export function paramsOf(context: ConsulContext): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

/** Who sent a request, and what they may do. */
export interface Caller {
  readonly token: Token;
  /** Whether the request had a token. */
  readonly known: boolean;
  /**
   * Returns whether the caller may read or write something.
   *
   * @param resource Kind of it.
   * @param name Its name.
   * @param level What to do. @default {"read"}
   */
  may(resource: Resource, name: string, level?: "read" | "write"): boolean;
  /**
   * Rejects the request unless the caller may do something.
   *
   * @param resource Kind of what it is done to.
   * @param name Its name.
   * @param level What to do.
   * @param brief Whether Consul 1.8 does not say what is missing. @default {false}
   * @throws {Refusal} 403.
   */
  must(resource: Resource, name: string, level: "read" | "write", brief?: boolean): void;
}

/**
 * Returns the secret that a request was sent with.
 *
 * @param context The request.
 * @returns The secret, `""` if it has none.
 */
export function secretOf(context: ConsulContext): string {
  const bearer = /^Bearer\s+(.+)$/i.exec(context.req.header("Authorization") ?? "")?.[1];
  return paramsOf(context).get("token") || context.req.header("X-Consul-Token") || bearer || "";
}

/**
 * Checks the token of a request.
 *
 * @param context The request.
 * @param state State with the tokens.
 * @param headers Headers of the error response.
 * @returns The caller.
 * @throws {Refusal} 403 when the token is unknown or expired.
 */
export function callerOf(
  context: ConsulContext,
  state: ConsulState,
  headers?: Readonly<Record<string, string>>,
): Caller {
  const { access, profile } = state;
  const secret = access.enabled ? secretOf(context) || ANONYMOUS : ANONYMOUS;
  const token = access.token(secret);
  if (token === undefined) throw new Refusal(403, "ACL not found", headers);
  const may: Caller["may"] = (resource, name, level = "read") =>
    access.allows(token, resource, name, level);
  return {
    token,
    known: secret !== ANONYMOUS,
    may,
    must(resource, name, level, brief = false) {
      if (may(resource, name, level)) return;
      const missing = profile.namedDenials
        ? namedDenial(token, `${resource}:${level}`, name)
        : brief
        ? ""
        : `: Missing ${resource}:${level} on ${name}`;
      throw new Refusal(403, `Permission denied${missing}`, headers);
    },
  };
}

// `PermissionDeniedError` of `acl/errors.go`.
function namedDenial(token: Token, permission: string, name: string): string {
  const anonymous = token.secret === ANONYMOUS;
  const who = anonymous ? "anonymous token" : `token with AccessorID '${token.accessor}'`;
  const note = ". The anonymous token is used implicitly when a request does not specify a token.";
  return `: ${who} lacks permission '${permission}' on "${name}"${anonymous ? note : ""}`;
}

/**
 * Returns the headers of a list from which the caller may not see everything.
 *
 * @param state The state.
 * @param caller The caller.
 * @param hidden Whether something was left out.
 * @returns The headers.
 */
export function filteredHeaders(
  state: ConsulState,
  caller: Caller,
  hidden: boolean,
): Record<string, string> {
  const told = hidden && caller.known && state.profile.filteredHeader;
  return told ? { "X-Consul-Results-Filtered-By-Acls": "true" } : {};
}

/**
 * Creates a JSON response.
 *
 * @param context The request; `?pretty` indents the JSON.
 * @param state State with the version: development agents indented their JSON until 1.16.
 * @param value Value to encode.
 * @param headers Additional headers.
 * @returns The response.
 */
export function json(
  context: ConsulContext,
  state: ConsulState,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = state.profile.indented || paramsOf(context).has("pretty")
    ? `${JSON.stringify(value, null, 4)}\n`
    : JSON.stringify(value);
  return new Response(body, {
    headers: { "Content-Type": "application/json", Vary: "Accept-Encoding", ...headers },
  });
}
