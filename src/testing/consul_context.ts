/**
 * What the routes of the embedded Consul share.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { Clock } from "../clock.ts";
import type { Catalog } from "./catalog.ts";
import type { LocalAgent } from "./local_agent.ts";
import { redirect } from "./consul_path.ts";
import { Refusal } from "./refusal.ts";

/** One datacenter as the routes see it. */
export interface DatacenterState {
  readonly name: string;
  readonly catalog: Catalog;
  readonly agent: LocalAgent;
}

/** Everything that the routes read and change. */
export interface ConsulState {
  /** All datacenters by name. */
  readonly datacenters: ReadonlyMap<string, DatacenterState>;
  /** The one that the agent belongs to. */
  readonly local: DatacenterState;
  /** The one token that may do everything; `undefined` where access control is off. */
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Hono's types for these routes. */
export interface ConsulEnv {
  Bindings: {
    /** The decoded path. */
    readonly path: string;
    /** Ends the request's waiting. */
    readonly signal: AbortSignal;
  };
}

/** A Hono app of these routes. */
export type ConsulApp = Hono<ConsulEnv>;
/** One request to these routes. */
export type ConsulContext = Context<ConsulEnv>;
/** Answers one request. */
export type ConsulHandler = (context: ConsulContext) => Response | Promise<Response>;

/**
 * Adds a path that answers to one method and refuses the others as Consul does.
 *
 * @param app Where to add it.
 * @param method The method.
 * @param path Hono's path; `/*` at its end takes a name, in which a slash may be encoded.
 * @param handler Answers.
 */
export function route(
  app: ConsulApp,
  method: "GET" | "PUT",
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
 * The decoded rest of a path.
 *
 * @param context The request.
 * @param prefix What comes before it, with its slash.
 * @returns The name, `""` where there is none.
 */
export function nameAfter(context: ConsulContext, prefix: string): string {
  return context.env.path.slice(prefix.length);
}

/**
 * Parameters of a request.
 *
 * @param context The request.
 * @returns The parameters.
 */
export function paramsOf(context: ConsulContext): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

/**
 * What a request may do. Consul's anonymous token sees empty lists under a policy of "deny".
 *
 * @param context The request.
 * @param state Whose token.
 * @param headers Headers of the refusal.
 * @returns `true` for everything, `false` for nothing.
 * @throws {Refusal} 403 when its token is unknown.
 */
export function allowed(
  context: ConsulContext,
  state: ConsulState,
  headers?: Readonly<Record<string, string>>,
): boolean {
  if (state.token === undefined) return true;
  const bearer = /^Bearer\s+(.+)$/i.exec(context.req.header("Authorization") ?? "")?.[1];
  const token = paramsOf(context).get("token") || context.req.header("X-Consul-Token") || bearer;
  if (!token) return false;
  if (token !== state.token) throw new Refusal(403, "ACL not found", headers);
  return true;
}

/**
 * Encodes an answer.
 *
 * @param context The request; `?pretty` indents.
 * @param value What to encode.
 * @param headers Headers besides the usual ones.
 * @returns The answer.
 */
export function json(
  context: ConsulContext,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = paramsOf(context).has("pretty")
    ? `${JSON.stringify(value, null, 4)}\n`
    : JSON.stringify(value);
  return new Response(body, {
    headers: { "Content-Type": "application/json", Vary: "Accept-Encoding", ...headers },
  });
}
