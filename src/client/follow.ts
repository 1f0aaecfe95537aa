/**
 * Connections that follow a service.
 *
 * The problem: a database client, a message broker or a gRPC channel holds connections for hours. An
 * address that was right when it connected is wrong after the next deploy, and each such library would
 * need its own code that watches the list.
 *
 * The decision: `follow()` holds one client for the service, or one for each endpoint, and replaces it
 * when its endpoint goes away: the new one is opened first, then the old one is closed as soon as
 * nothing uses it. While nothing is listed, or nothing else can be opened, the old one stays: a
 * connection that works is worth more than a list.
 *
 * @module
 */
import { checkFollowOptions, type FollowOptions } from "./follow_options.ts";
import { Following } from "./following.ts";
import type { Piloted } from "./piloted.ts";

export { Following, type FollowOptions };
export type { UsedClient } from "./held_client.ts";

/**
 * Follows a service with a client that holds connections.
 *
 * @param piloted The client. Closing it closes what follows it.
 * @param name Name of a watched service.
 * @param options How a client is opened and closed.
 * @returns The clients of the service. Opening the first one begins at once.
 * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched, `CLOSED` after `close()`,
 * `UNSUPPORTED` with mode `"on-demand"`, which has no changes to follow.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 *
 * @example
 * ```ts
 * import { createPiloted } from "@piloted/core";
 * import { follow } from "@piloted/core/follow";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "redis", address: "10.0.0.1", port: 6379 });
 * await using piloted = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "redis" }] },
 *   fetch: consul.fetch,
 * });
 * await using redis = follow(piloted, "redis", {
 *   open: ({ host }) => ({ url: `redis://${host}` }), // new Redis(...), createClient(...).connect()
 *   close: () => {}, // (client) => client.quit()
 * });
 * assertEquals(await redis.use((client) => client.url), "redis://10.0.0.1:6379");
 * ```
 */
export function follow<Names extends string, Client>(
  piloted: Piloted<Names>,
  name: Names,
  options: FollowOptions<Client>,
): Following<Client> {
  checkFollowOptions(options);
  return new Following(piloted as unknown as Piloted, name, options);
}
