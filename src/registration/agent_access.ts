/**
 * What a registration needs to reach its Consul agent.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";

/**
 * The agent as it is reached now. A configuration that is read again may change each value, so they
 * are asked for before every request.
 */
export interface AgentAccess {
  /** `http://host:port` or `https://host:port`, without a trailing slash. */
  url(): string;
  /** The ACL token to send, if any. A rejection fails the request, which is repeated later. */
  token(): string | undefined | Promise<string | undefined>;
  /** Sends a request. Connections are kept for the next one. */
  readonly fetch: Fetch;
  /** Closes the connections that were made for it. */
  close(): Promise<void>;
}
