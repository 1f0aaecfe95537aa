/**
 * A plugin for Fastify: the client as `fastify.piloted`, closed with the application, and a proxy with
 * `@fastify/reply-from` whose upstream is chosen for each request.
 *
 * ```ts ignore
 * import replyFrom from "@fastify/reply-from";
 * import Fastify from "fastify";
 * import { pilotedPlugin, upstream } from "@piloted/core/fastify";
 *
 * const app = Fastify();
 * await app.register(pilotedPlugin, { config: "/etc/containerpilot.json5" });
 * await app.register(replyFrom);
 *
 * const customers = upstream(app.piloted, "customers");
 * app.all("/customers/*", (request, reply) => reply.from(request.url, customers));
 * ```
 *
 * @module
 */
export { type FastifyHost, pilotedPlugin, type PilotedPluginOptions } from "./piloted_plugin.ts";
export {
  upstream,
  type UpstreamHooks,
  type UpstreamOptions,
  type UpstreamReply,
  type UpstreamRequest,
  type UpstreamResponse,
} from "./upstream.ts";
