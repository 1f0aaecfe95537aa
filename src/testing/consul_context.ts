/**
 * Types and helpers that the routes of the embedded Consul share.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { Clock } from "../clock.ts";
import type { Catalog } from "./catalog.ts";
import type { LocalAgent } from "./local_agent.ts";
import { redirect } from "./consul_path.ts";
import { Refusal } from "./refusal.ts";

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
  /** The token that may do everything; `undefined` if ACLs are off. */
  readonly token: string | undefined;
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

/**
 * Checks the token of a request. Under the policy "deny" a request without a token sees empty
 * lists.
 *
 * @param context The request.
 * @param state State with the expected token.
 * @param headers Headers of the error response.
 * @returns `true` if everything is allowed, `false` if nothing is.
 * @throws {Refusal} 403 when the token is unknown.
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
 * Creates a JSON response.
 *
 * @param context The request; `?pretty` indents the JSON.
 * @param value Value to encode.
 * @param headers Additional headers.
 * @returns The response.
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
