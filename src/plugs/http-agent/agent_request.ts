/**
 * What Node's agents pass around.
 *
 * @module
 */
import type * as http from "node:http";
import type { Socket } from "node:net";
import type { Piloted } from "../../client/piloted.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ResolvedAgentOptions } from "./agent_options.ts";

/** What all requests of an agent share. */
export interface AgentContext {
  /** Gives endpoints. */
  readonly piloted: Piloted<string>;
  /** Options. */
  readonly options: ResolvedAgentOptions;
}

/** A request that a connection is made for. */
export interface ConnectingCall {
  /** Name of the service. */
  readonly service: string;
  /** Its endpoint at present. */
  readonly endpoint: Endpoint | undefined;
  /** The connection that is being made for it. */
  connecting: Socket | undefined;
  /** Why the last connection could not be made. */
  connectError: Error | undefined;
}

/** Marks the options of a connection with the request that it is for. */
export const CALL: unique symbol = Symbol("@piloted/core/http-agent");

/** A request, with what Node's agents call on it and its types do not have. */
export interface AgentRequest extends http.ClientRequest {
  /** Called by the agent with the connection, or with why there is none. */
  onSocket(socket: Socket | undefined, error?: Error | null): void;
}

/** What Node passes to `addRequest()` and `createConnection()`. */
export interface ConnectOptions {
  host?: string | null | undefined;
  hostname?: string | null | undefined;
  port?: number | string | null | undefined;
  defaultPort?: number | string | undefined;
  servername?: string | undefined;
  [CALL]?: ConnectingCall;
}

/** Called with a connection, or with why there is none. */
// deno-lint-ignore no-explicit-any
export type ConnectCallback = (error: Error | null, socket: any) => void;

/** Adds a request to Node's own agent. */
export type Add = (options: ConnectOptions) => void;
