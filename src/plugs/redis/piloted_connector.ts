/**
 * The class that ioredis gets its connections from.
 *
 * @module
 */
import { AbstractConnector, type RedisOptions } from "ioredis";
import { Socket } from "node:net";
import { follow, type Following, type FollowOptions } from "../../client/follow.ts";
import { checkFollowOptions } from "../../client/follow_options.ts";
import type { Piloted } from "../../client/piloted.ts";
import { systemClock } from "../../clock.ts";
import { PilotedError } from "../../errors.ts";
import { drainSocket } from "./drain_socket.ts";
import { openSocket } from "./open_socket.ts";

/** Options of `pilotedConnector()`: those of `follow()`, without what the connector does itself. */
export type ConnectorOptions = Omit<FollowOptions<Socket>, "open" | "close" | "per">;

// ioredis would try again for ever.
const FINAL_CODES: readonly string[] = ["CLOSED", "UNKNOWN_SERVICE", "UNSUPPORTED"];

/**
 * Creates the class that a `Redis` gets its connections from. Each connection goes to the next healthy
 * endpoint. When that is not listed any more, or has lost a tag, the connection ends after the replies
 * to what was sent, and ioredis connects to another endpoint. While no other endpoint is listed, or none
 * can be connected to, it stays.
 *
 * Leave `autoResendUnfulfilledCommands` and `enableOfflineQueue` of ioredis on, as they are by default,
 * and `maxRetriesPerRequest` above 0: commands that are issued during the change wait for the new
 * connection.
 *
 * @param piloted The client. After it is closed, connections end, and commands fail with `CLOSED`.
 * @param name Name of a watched service.
 * @param options Which endpoints are meant, and how long things may take.
 * @returns The class, for the option `Connector`. Several instances of `Redis` may share it.
 * @throws {PilotedError} `UNKNOWN_SERVICE` when the service is not watched, `CLOSED` after `close()`,
 * `UNSUPPORTED` with mode `"on-demand"`.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 *
 * @example
 * ```ts ignore
 * import { Redis } from "ioredis";
 * import { pilotedConnector } from "@piloted/core/redis";
 *
 * const Connector = pilotedConnector(piloted, "redis", { tags: ["primary"] });
 * const redis = new Redis({ Connector, password: "secret" });
 * const subscriber = redis.duplicate();
 * ```
 */
export function pilotedConnector<Names extends string>(
  piloted: Piloted<Names>,
  name: Names,
  options: ConnectorOptions = {},
): NonNullable<RedisOptions["Connector"]> {
  checkFollowOptions({ ...options, open: () => new Socket() }, "pilotedConnector()");
  // Throws what is wrong with the name now, and not when a command is sent.
  void piloted.watch(name).return?.();
  const { clock = systemClock, drainMs = 30_000 } = options;

  return class PilotedConnector extends AbstractConnector {
    readonly #redis: RedisOptions;
    #following: Following<Socket> | undefined;

    constructor(redis: unknown) {
      super((redis as RedisOptions & { disconnectTimeout: number }).disconnectTimeout);
      this.#redis = redis as RedisOptions;
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      try {
        const following = this.#following ??= this.#follow();
        const socket = await following.ready();
        // From here on ioredis says when it wants another one, if ever.
        socket.once("close", () => this.#stop(following));
        socket.once("error", (error) => this.firstError = error);
        return this.stream = socket;
      } catch (error) {
        this.#stop(this.#following);
        const isFinal = error instanceof PilotedError && FINAL_CODES.includes(error.code);
        if (isFinal || !this.connecting) throw error;
        // A connection that is closed makes ioredis try again, as its retryStrategy says; an
        // error would end it.
        this.firstError = error as Error;
        return new Socket().destroy();
      }
    }

    override disconnect(): void {
      super.disconnect();
      this.#stop(this.#following);
    }

    #follow(): Following<Socket> {
      return follow(piloted, name, {
        ...options,
        open: (endpoint, signal) => openSocket(endpoint, this.#redis.tls, signal),
        close: (socket) => drainSocket(socket, clock, drainMs),
      });
    }

    #stop(following: Following<Socket> | undefined): void {
      if (this.#following === following) this.#following = undefined;
      void following?.close();
    }
  };
}
