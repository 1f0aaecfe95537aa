/**
 * Agents for `node:http` and `node:https` that send a request for `http://customers/` to a healthy
 * endpoint of the service `customers`: for axios, got, node-fetch, superagent, http-proxy-middleware
 * and everything else that takes an agent.
 *
 * ```ts ignore
 * import axios from "axios";
 * import { createPiloted } from "@piloted/core";
 * import { PilotedAgent, PilotedHttpsAgent } from "@piloted/core/http-agent";
 *
 * const piloted = await createPiloted();
 * const client = axios.create({
 *   httpAgent: new PilotedAgent(piloted),
 *   httpsAgent: new PilotedHttpsAgent(piloted),
 *   proxy: false,
 * });
 * await client.get("http://customers/orders/7");
 * ```
 *
 * @module
 */
export type { PilotedAgentOptions } from "./agent_options.ts";
export { PilotedAgent, PilotedHttpsAgent } from "./piloted_agent.ts";
