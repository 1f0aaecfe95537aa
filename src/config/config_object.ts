/**
 * A configuration given in code. It has the keys of ContainerPilot's file, except that a datacenter
 * is `datacenter` and not `dc`, and the keys of a loaded `Config`, so that parts of one can be
 * spread into it.
 *
 * @module
 */
import type { Secret } from "../secret.ts";
import type { ConfigWarning, RegistrationConfig, TlsConfig } from "./config.ts";

/** TLS settings with ContainerPilot's keys, in an object given in code. */
export interface TlsObject {
  /** PEM file of the certificate authority. */
  readonly cafile?: string;
  /** Folder of PEM files of certificate authorities. */
  readonly capath?: string;
  /** PEM file of the client certificate. */
  readonly clientcert?: string;
  /** PEM file of the client certificate's key. */
  readonly clientkey?: string | Secret;
  /** Name that the server's certificate must carry, when it is not the host of the address. */
  readonly servername?: string;
  /**
   * Whether the server's certificate is verified.
   *
   * @default {true}
   */
  readonly verify?: boolean;
}

/** Where Consul is, in an object given in code. */
export interface ConsulObject {
  /** `host:port`, or a URL. */
  readonly address?: string;
  /**
   * Scheme of an address that has none.
   *
   * @default {"http"}
   */
  readonly scheme?: "http" | "https";
  /**
   * The address as a loaded `Config` has it, instead of `address` and `scheme`. With it, all of
   * `consul` is used as it is: without templates and without Consul's environment variables.
   */
  readonly url?: string;
  /** ACL token. */
  readonly token?: string | Secret;
  /** TLS settings, with ContainerPilot's keys or those of a loaded `Config`. */
  readonly tls?: TlsObject | Partial<TlsConfig>;
}

/** One watched service, in an object given in code. */
export interface WatchObject<Name extends string = string> {
  /** Name of the service: any that Consul accepts. */
  readonly name: Name;
  /**
   * Poll interval in seconds.
   *
   * @default {10}
   */
  readonly interval?: number | string;
  /**
   * Poll interval in milliseconds as a loaded `Config` has it, instead of `interval`. With it, the
   * watch is used as it is, without templates.
   */
  readonly intervalMs?: number;
  /** Only instances with this tag. */
  readonly tag?: string | undefined;
  /** Datacenter. Left out: the agent's own. */
  readonly datacenter?: string | undefined;
}

/** One backend of ContainerPilot 2, in an object given in code: a watch. */
export interface BackendObject<Name extends string = string> extends WatchObject<Name> {
  /** Poll interval in seconds. */
  readonly poll?: number | string;
  /** Program that ContainerPilot runs; not used. */
  readonly onChange?: string | readonly string[];
  /** Time limit of that program; not used. */
  readonly timeout?: number | string;
}

/** What a job and a service of ContainerPilot 2 have in common. */
export interface Registrable {
  /** Name of the service. */
  readonly name: string;
  /** Port of the service. Without one there is nothing to register. */
  readonly port?: number | string;
  /** Tags of the service. */
  readonly tags?: string | readonly string[];
  /** Metadata of the service. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Interface specifications, in order of preference. */
  readonly interfaces?: string | readonly string[];
  /** Status until the first report. */
  readonly initial_status?: "passing" | "warning" | "critical";
  /** Settings of Consul alone. */
  readonly consul?: {
    /** Whether others may change the tags. */
    readonly enableTagOverride?: boolean;
    /** Time after which a critical instance is removed. */
    readonly deregisterCriticalServiceAfter?: number | string;
  };
  /** Time limit of the program; not used. */
  readonly timeout?: number | string;
}

/** One job, in an object given in code. A job with a port can be registered. */
export interface JobObject extends Registrable {
  /** Health reports: times in seconds, or such as `"1m30s"`. */
  readonly health?: {
    /** Time between reports. */
    readonly interval?: number | string;
    /** Time after which a missing report makes the instance critical. */
    readonly ttl?: number | string;
    /** Program that checks the health; not used. */
    readonly exec?: string | readonly string[];
    /** Time limit of that program; not used. */
    readonly timeout?: number | string;
    /** Logging of that program; not used. */
    readonly logging?: { readonly raw?: boolean };
  };
  /** Program; not used. */
  readonly exec?: string | readonly string[];
  /** When the program starts; not used. */
  readonly when?: {
    readonly interval?: number | string;
    readonly source?: string;
    readonly once?: string;
    readonly each?: string;
    readonly timeout?: number | string;
  };
  /** How often the program is started again; not used. */
  readonly restarts?: number | string;
  /** How long the program may take to end; not used. */
  readonly stopTimeout?: number | string;
  /** Logging of the program; not used. */
  readonly logging?: { readonly raw?: boolean };
}

/** One service of ContainerPilot 2, in an object given in code. One with a port can be registered. */
export interface ServiceObject extends Registrable {
  /** Program that checks the health; not used. */
  readonly health?: string | readonly string[];
  /** Time between health reports: seconds, or such as `"1m30s"`. */
  readonly poll?: number | string;
  /** Time after which a missing report makes the instance critical. */
  readonly ttl?: number | string;
}

/**
 * A configuration given in code, with the keys of ContainerPilot's file. Templates in its strings
 * are rendered. The keys of a loaded `Config` are accepted too: `{ ...config, watches }` is a
 * configuration object.
 */
export interface ConfigObject<Name extends string = string> {
  /** Where Consul is. */
  readonly consul?: string | ConsulObject;
  /** Watched services. */
  readonly watches?: readonly WatchObject<Name>[];
  /** Watched services, with ContainerPilot 2's key. */
  readonly backends?: readonly BackendObject<Name>[];
  /** What this application can register. */
  readonly jobs?: readonly JobObject[];
  /** What this application can register, with ContainerPilot 2's key. */
  readonly services?: readonly ServiceObject[];
  /** What this application can register, of a loaded `Config`. */
  readonly registrations?: readonly RegistrationConfig[];
  /** Warnings of a loaded `Config`; they are kept. */
  readonly warnings?: readonly ConfigWarning[];
  /** ContainerPilot's control socket; not used. */
  readonly control?: { readonly socket?: string };
  /** ContainerPilot's own logging; not used. */
  readonly logging?: {
    readonly level?: string;
    readonly format?: string;
    readonly output?: string;
  };
  /** ContainerPilot's telemetry; not used. */
  readonly telemetry?: {
    readonly port?: number | string;
    readonly interfaces?: string | readonly string[];
    readonly tags?: readonly string[];
    readonly metrics?: readonly object[];
    readonly sensors?: readonly object[];
  };
  /** How long ContainerPilot waits for its jobs to end; not used. */
  readonly stopTimeout?: number | string;
  /** Program of ContainerPilot 2; not used. */
  readonly onStart?: string | readonly string[];
  /** Program of ContainerPilot 2; not used. */
  readonly preStart?: string | readonly string[];
  /** Program of ContainerPilot 2; not used. */
  readonly preStop?: string | readonly string[];
  /** Program of ContainerPilot 2; not used. */
  readonly postStop?: string | readonly string[];
  /** Programs of ContainerPilot 2; not used. */
  readonly coprocesses?: readonly object[];
  /** Programs of ContainerPilot 2; not used. */
  readonly tasks?: readonly object[];
}
