/**
 * Connections of ioredis that follow a service: each goes to a healthy endpoint, and leaves it when it
 * is not listed any more.
 *
 * ```ts ignore
 * import { Redis } from "ioredis";
 * import { createPiloted } from "@piloted/core";
 * import { pilotedConnector } from "@piloted/core/redis";
 *
 * const piloted = await createPiloted();
 * const redis = new Redis({
 *   Connector: pilotedConnector(piloted, "redis", { tags: ["primary"] }),
 * });
 * await redis.set("key", "value");
 * ```
 *
 * @module
 */
export { type ConnectorOptions, pilotedConnector } from "./piloted_connector.ts";
