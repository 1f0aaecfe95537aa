/**
 * Access to the agent that a configuration names.
 *
 * @module
 */
import type { ConsulConfig } from "../config/config.ts";
import type { Fetch } from "../platform_fetch.ts";
import type { Transport } from "../runtime/transport/contract.ts";
import { createTransport } from "../runtime/transport/transport.ts";
import { revealSecret } from "../secret.ts";
import type { AgentAccess } from "./agent_access.ts";

/**
 * Creates the access to an agent. Its connections are those of registrations alone, so that blocking
 * queries never delay a heartbeat.
 *
 * @param consul Where Consul is now; asked before each request, since a reload may change it.
 * @param fetch Sends the requests. @default {the runtime's, with the configured TLS}
 * @returns The access; nothing is connected yet.
 */
export function consulAccess(consul: () => ConsulConfig, fetch?: Fetch): AgentAccess {
  let transport: Transport | undefined;
  let tls: ConsulConfig["tls"];
  let isClosed = false;
  return {
    url: () => consul().url,
    token: () => revealSecret(consul().token),
    fetch: (input, init) => {
      if (fetch !== undefined) return fetch(input, init);
      const wanted = consul().tls;
      if (transport === undefined || wanted !== tls) {
        const old = transport;
        transport = createTransport({ tls: wanted });
        tls = wanted;
        void old?.close().catch(() => {});
      }
      // A late answer of a background request finds the connections closed.
      if (isClosed) void transport.close().catch(() => {});
      return transport.fetch(input, init);
    },
    close: async () => {
      isClosed = true;
      await transport?.close();
    },
  };
}
