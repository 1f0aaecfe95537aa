/**
 * Options of `register()` and `createRegistration()`.
 *
 * @module
 */
import type { CheckHealth } from "../registration_status.ts";

/** What a check of the application found: a status, or a status with a text for people. */
export type CheckResult =
  | CheckHealth
  | boolean
  | void
  | { readonly status: CheckHealth; readonly output?: string | undefined };

/** How the health of this process is reported. */
export interface HeartbeatOptions {
  /**
   * Milliseconds after which Consul makes the instance critical when no heartbeat arrives.
   *
   * @default {3 times intervalMs, else 30_000}
   */
  readonly ttlMs?: number | undefined;
  /** Milliseconds between two heartbeats, each 10 % earlier or later. @default {a third of ttlMs} */
  readonly intervalMs?: number | undefined;
  /**
   * The application's own check, called before each heartbeat. Nothing, `true` and `"passing"` pass;
   * `false`, a rejection and a check that takes too long fail.
   *
   * @default {undefined: passing until fail() or warn() is called}
   */
  readonly run?: ((signal: AbortSignal) => CheckResult | Promise<CheckResult>) | undefined;
  /** Maximum duration of `run`, in milliseconds. @default {intervalMs, at most a third of ttlMs} */
  readonly timeoutMs?: number | undefined;
  /** How many times in a row `run` fails before critical is reported. @default {1} */
  readonly failuresBeforeCritical?: number | undefined;
  /**
   * Whether failures of `run` are reported. With `false` nothing is sent after a failure, and the
   * instance becomes critical when its TTL expires, as with ContainerPilot.
   *
   * @default {true}
   */
  readonly reportFailures?: boolean | undefined;
  /** Id of the TTL check. @default {"service:" and the id of the instance} */
  readonly id?: string | undefined;
  /** Notes of the TTL check, for people. @default {undefined} */
  readonly notes?: string | undefined;
}

/** What every check of an agent may have. */
export interface AgentCheckOptions {
  /** Id, unique on the agent. @default {"service:ID:" and its position from 2} */
  readonly id?: string | undefined;
  /** Name. @default {Consul's own} */
  readonly name?: string | undefined;
  /** Milliseconds between two runs by the agent. */
  readonly intervalMs: number;
  /** Maximum duration of a run in milliseconds. @default {Consul's own, 10 s} */
  readonly timeoutMs?: number | undefined;
  /** Status until the first run. @default {"critical"} */
  readonly initialStatus?: CheckHealth | undefined;
  /** Successes in a row before it passes. @default {0} */
  readonly successBeforePassing?: number | undefined;
  /** Failures in a row before it is critical. @default {0} */
  readonly failuresBeforeCritical?: number | undefined;
  /** Whether certificates are not verified. @default {false} */
  readonly tlsSkipVerify?: boolean | undefined;
}

/** A check that the Consul agent runs by itself. */
export type AgentCheckDefinition =
  & AgentCheckOptions
  & (
    | {
      /** URL that must answer 2xx; 429 is a warning. */
      readonly http: string;
      /** HTTP method. @default {"GET"} */
      readonly method?: string | undefined;
      /** Request headers. @default {{}} */
      readonly headers?: Readonly<Record<string, string>> | undefined;
    }
    | {
      /** `host:port` that must accept a connection. */
      readonly tcp: string;
    }
    | {
      /** `host:port` or `host:port/service` that must answer gRPC's health check. */
      readonly grpc: string;
      /** Whether TLS is used. @default {false} */
      readonly grpcUseTls?: boolean | undefined;
    }
  );

/** An address under which the instance is known elsewhere. */
export interface TaggedAddress {
  /** IP address or host name. */
  readonly address: string;
  /** Port. */
  readonly port: number;
}

/** Options of `register()`. */
export interface RegisterOptions {
  /** Name of the service. */
  readonly name: string;
  /** Port that it listens on. */
  readonly port: number;
  /** Further ports by name, registered as `meta["port-NAME"]`. @default {{}} */
  readonly ports?: Readonly<Record<string, number>> | undefined;
  /**
   * IP address or host name.
   *
   * @default {what interfaces select, else $PILOTED_ADVERTISE_ADDRESS, else the agent's own}
   */
  readonly address?: string | undefined;
  /** ContainerPilot's `interfaces` rules, which select the address. @default {undefined} */
  readonly interfaces?: readonly string[] | undefined;
  /** Id of the instance, unique on its agent. @default {name, host name and port with dashes} */
  readonly id?: string | undefined;
  /** Tags. @default {[]} */
  readonly tags?: readonly string[] | undefined;
  /** Metadata. @default {{}} */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Share of the traffic while passing, and while warning. @default {{ passing: 1, warning: 1 }} */
  readonly weights?: { readonly passing: number; readonly warning: number } | undefined;
  /** Addresses under names such as `wan`. @default {{}} */
  readonly taggedAddresses?: Readonly<Record<string, TaggedAddress>> | undefined;
  /** Whether tags may be changed in the catalog. @default {false} */
  readonly enableTagOverride?: boolean | undefined;
  /**
   * Status with which it is registered, before the first heartbeat.
   *
   * @default {the result of the first check}
   */
  readonly initialStatus?: CheckHealth | undefined;
  /** The heartbeat. @default {{}} */
  readonly check?: HeartbeatOptions | undefined;
  /** Checks that the agent runs. @default {[]} */
  readonly checks?: readonly AgentCheckDefinition[] | undefined;
  /**
   * Milliseconds of being critical after which Consul removes the instance, for processes that died
   * without deregistering. Consul takes a minute at least; 0 turns it off.
   *
   * @default {3_600_000}
   */
  readonly deregisterCriticalAfterMs?: number | undefined;
  /** Namespace of Consul Enterprise. @default {undefined} */
  readonly namespace?: string | undefined;
  /** Admin partition of Consul Enterprise. @default {undefined} */
  readonly partition?: string | undefined;
  /** Whether it is registered only after the first passing check. @default {false} */
  readonly awaitPassing?: boolean | undefined;
  /**
   * Signals that deregister it, drain, call `onStop` and then end the process: `true` for SIGTERM and
   * SIGINT. For programs without handlers of their own; those call `close()`.
   *
   * @default {false}
   */
  readonly signals?: boolean | undefined;
  /**
   * Milliseconds between the removal from the catalog and `onStop`, in which clients hear of it while
   * requests are still served.
   *
   * @default {500}
   */
  readonly drainMs?: number | undefined;
  /** Milliseconds that all of stopping may take. @default {5_000} */
  readonly stopTimeoutMs?: number | undefined;
  /** Closes the application, after it was deregistered and drained. @default {undefined} */
  readonly onStop?: (() => void | Promise<void>) | undefined;
}

/** {@linkcode HeartbeatOptions} with defaults in place of what was left out. */
export interface ResolvedHeartbeat {
  readonly ttlMs: number;
  readonly intervalMs: number;
  readonly run: HeartbeatOptions["run"];
  readonly timeoutMs: number;
  readonly failuresBeforeCritical: number;
  readonly reportFailures: boolean;
  readonly id: string | undefined;
  readonly notes: string | undefined;
}

/** What a heartbeat says while all is well. Constant: an agent sends changes only to the servers. */
export const PASSING_OUTPUT = "ok";
