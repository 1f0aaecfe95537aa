/**
 * A configuration given in code. It has the keys of ContainerPilot's file, except that a datacenter
 * is `datacenter` and not `dc`, and the keys of a loaded `Config`, so that parts of one can be
 * spread into it.
 *
 * @module
 */
import type { Secret } from "../secret.ts";
import type { Reach } from "../reach.ts";
import type {
  ConfigWarning,
  LoginConfig,
  PatternConfig,
  RegistrationConfig,
  StaticService,
  TlsConfig,
  TokenProvider,
} from "./config.ts";

/** TLS settings with ContainerPilot's keys, in an object given in code. */
export interface TlsObject {
  /** PEM file of the certificate authority. */
  readonly cafile?: string | undefined;
  /** Folder of PEM files of certificate authorities. */
  readonly capath?: string | undefined;
  /** PEM file of the client certificate. */
  readonly clientcert?: string | undefined;
  /** PEM file of the client certificate's key. */
  readonly clientkey?: string | Secret | undefined;
  /** Name that the server's certificate must carry, when it is not the host of the address. */
  readonly servername?: string | undefined;
  /**
   * Whether the server's certificate is verified.
   *
   * @default {true}
   */
  readonly verify?: boolean | undefined;
}

/** Where Consul is, in an object given in code. */
export interface ConsulObject {
  /** `host:port`, or a URL; several with commas between them; or `unix:///path` of a socket. */
  readonly address?: string | undefined;
  /**
   * Several servers, each as `address`, instead of it. With `url`, the addresses of a loaded `Config`.
   */
  readonly addresses?: readonly string[] | undefined;
  /**
   * Scheme of an address that has none.
   *
   * @default {"http", and "https" for port 8501 with TLS settings}
   */
  readonly scheme?: "http" | "https" | undefined;
  /**
   * The address as a loaded `Config` has it, instead of `address` and `scheme`. With it, all of
   * `consul` is used as it is: without templates and without Consul's environment variables.
   */
  readonly url?: string | undefined;
  /** ACL token, or a function that returns it for each request. */
  readonly token?: string | Secret | TokenProvider | undefined;
  /** The function, as a loaded `Config` has it. */
  readonly tokenProvider?: TokenProvider | undefined;
  /** File with the ACL token. It is read again when it changes, and after a 403. */
  readonly tokenFile?: string | undefined;
  /** Logging in for an ACL token. */
  readonly login?: LoginConfig | undefined;
  /** `user:password` for a proxy that asks for basic authentication. */
  readonly httpAuth?: string | Secret | undefined;
  /** Namespace (Consul Enterprise) of watches that name none. */
  readonly namespace?: string | undefined;
  /** Admin partition (Consul Enterprise) of watches that name none. */
  readonly partition?: string | undefined;
  /** TLS settings, with ContainerPilot's keys or those of a loaded `Config`. */
  readonly tls?: TlsObject | Partial<TlsConfig> | undefined;
}

/** An endpoint that overrides what the registry lists: `address:port`, or an object. */
export type EndpointObject = string | {
  /** IP address or host name. */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
  /** Id. @default {its place in the list} */
  readonly id?: string | undefined;
  /** Tags. @default {[]} */
  readonly tags?: readonly string[] | undefined;
  /** Metadata. @default {{}} */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Weight. @default {1} */
  readonly weight?: number | undefined;
  /** Zone. @default {""} */
  readonly zone?: string | undefined;
  /** Ports by name. @default {{}} */
  readonly ports?: Readonly<Record<string, number>> | undefined;
};

/** Where other Piloteds are, in an object given in code. */
export interface UpstreamObject {
  /** `http://host:port`, `https://host:port` or `unix:///path`; several with commas between them. */
  readonly address?: string | undefined;
  /** Several, each as `address`, instead of it. */
  readonly addresses?: readonly string[] | undefined;
  /** Bearer token. */
  readonly token?: string | Secret | undefined;
  /** File with the bearer token. It is read again when it changes, and after a 401 or 403. */
  readonly tokenFile?: string | undefined;
  /** TLS settings, with ContainerPilot's keys or those of a loaded `Config`. */
  readonly tls?: TlsObject | Partial<TlsConfig> | undefined;
}

/** What every watch has, in an object given in code. */
export interface WatchFacts extends Reach {
  /**
   * Poll interval in seconds.
   *
   * @default {10}
   */
  readonly interval?: number | string | undefined;
  /**
   * Poll interval in milliseconds as a loaded `Config` has it, instead of `interval`. With it, the
   * watch is used as it is, without templates.
   */
  readonly intervalMs?: number | undefined;
  /** Only instances with this tag. */
  readonly tag?: string | undefined;
  /** Datacenter. Left out: the agent's own. */
  readonly datacenter?: string | undefined;
}

/** One watched service, in an object given in code. */
export interface WatchObject extends WatchFacts {
  /** Name of the service: any that Consul accepts. */
  readonly name: string;
  /**
   * Name that the application looks it up by, so that two watches of one service are two lists.
   *
   * @default {`name`}
   */
  readonly as?: string | undefined;
}

/** Watched services whose names match a pattern, in an object given in code. */
export interface PatternObject extends WatchFacts {
  /** Pattern of names: `*` stands for any characters, and case does not matter. */
  readonly pattern: string;
  /**
   * Maximum number of services; a warning says when there are more.
   *
   * @default {200}
   */
  readonly limit?: number | undefined;
}

/** One backend of ContainerPilot 2, in an object given in code: a watch. */
export interface BackendObject extends WatchObject {
  /** Poll interval in seconds. */
  readonly poll?: number | string | undefined;
  /** Program that ContainerPilot runs; not used. */
  readonly onChange?: string | readonly string[] | undefined;
  /** Time limit of that program; not used. */
  readonly timeout?: number | string | undefined;
}

/** What names are inferred from. */
export interface Watched {
  /** Name of the service. */
  readonly name?: string | undefined;
  /** Name that the application looks it up by. */
  readonly as?: string | undefined;
  /** Pattern of names. */
  readonly pattern?: string | undefined;
}

/**
 * An inferred watch that is also a watch: a type parameter alone would accept any misspelt key. Each
 * key of `Watch` that `Known` has not must be of type `never`.
 */
export type Checked<Watch, Known extends object> = Watch extends unknown ?
    & Known
    & {
      readonly [Key in Exclude<keyof Watch, Known extends unknown ? keyof Known : never>]?: never;
    }
  : never;

/** What a job and a service of ContainerPilot 2 have in common. */
export interface Registrable {
  /** Name of the service. */
  readonly name: string;
  /** Port of the service. Without one there is nothing to register. */
  readonly port?: number | string | undefined;
  /** Tags of the service. */
  readonly tags?: string | readonly string[] | undefined;
  /** Metadata of the service. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Interface specifications, in order of preference. */
  readonly interfaces?: string | readonly string[] | undefined;
  /** Status until the first report. */
  readonly initialStatus?: "passing" | "warning" | "critical" | undefined;
  /** The same with the key of ContainerPilot's file. */
  readonly initial_status?: "passing" | "warning" | "critical" | undefined;
  /** Settings of Consul alone. */
  readonly consul?: {
    /** Whether others may change the tags. */
    readonly enableTagOverride?: boolean | undefined;
    /** Time after which a critical instance is removed. */
    readonly deregisterCriticalServiceAfter?: number | string | undefined;
  };
  /** Time limit of the program; not used. */
  readonly timeout?: number | string | undefined;
}

/** One job, in an object given in code. A job with a port can be registered. */
export interface JobObject extends Registrable {
  /** Health reports: times in seconds, or such as `"1m30s"`. */
  readonly health?: {
    /** Time between reports. */
    readonly interval?: number | string | undefined;
    /** Time after which a missing report makes the instance critical. */
    readonly ttl?: number | string | undefined;
    /** Program that checks the health; not used. */
    readonly exec?: string | readonly string[] | undefined;
    /** Time limit of that program; not used. */
    readonly timeout?: number | string | undefined;
    /** Logging of that program; not used. */
    readonly logging?: { readonly raw?: boolean };
  };
  /** Program; not used. */
  readonly exec?: string | readonly string[] | undefined;
  /** When the program starts; not used. */
  readonly when?: {
    readonly interval?: number | string | undefined;
    readonly source?: string | undefined;
    readonly once?: string | undefined;
    readonly each?: string | undefined;
    readonly timeout?: number | string | undefined;
  };
  /** How often the program is started again; not used. */
  readonly restarts?: number | string | undefined;
  /** How long the program may take to end; not used. */
  readonly stopTimeout?: number | string | undefined;
  /** Logging of the program; not used. */
  readonly logging?: { readonly raw?: boolean };
}

/** One service of ContainerPilot 2, in an object given in code. One with a port can be registered. */
export interface ServiceObject extends Registrable {
  /** Program that checks the health; not used. */
  readonly health?: string | readonly string[] | undefined;
  /** Time between health reports: seconds, or such as `"1m30s"`. */
  readonly poll?: number | string | undefined;
  /** Time after which a missing report makes the instance critical. */
  readonly ttl?: number | string | undefined;
}

/**
 * A configuration given in code, with the keys of ContainerPilot's file. Templates in its strings
 * are rendered. The keys of a loaded `Config` are accepted too: `{ ...config, watches }` is a
 * configuration object. Names are inferred from `Watch`, the type of its watches.
 */
export interface ConfigObject<Watch extends Watched = Watched> {
  /** Where Consul is. */
  readonly consul?: string | ConsulObject | undefined;
  /**
   * Other Piloteds (`serve.ts`) whose lists are read instead of Consul's: `"http://discovery:8080"`,
   * `"unix:///run/piloted.sock"`, or several.
   *
   * @default {$PILOTED_UPSTREAM, else none}
   */
  readonly upstream?: string | readonly string[] | UpstreamObject | undefined;
  /**
   * Endpoints by service that are handed out whatever the registry lists, for development and
   * incidents. `$PILOTED_STATIC_NAME`, addresses with commas between them, wins over it.
   *
   * @default {nothing is overridden}
   */
  readonly static?:
    | Readonly<Record<string, readonly EndpointObject[] | StaticService>>
    | undefined;
  /** Watched services. */
  readonly watches?:
    | readonly (Watch & Checked<Watch, WatchObject | PatternObject>)[]
    | undefined;
  /**
   * Whether every service of the registry is watched, as with the pattern `*`.
   *
   * @default {false}
   */
  readonly catalog?: boolean | undefined;
  /** Watched services whose names match a pattern, of a loaded `Config`. */
  readonly patterns?: readonly PatternConfig[] | undefined;
  /** Watched services, with ContainerPilot 2's key. */
  readonly backends?: readonly (Watch & Checked<Watch, BackendObject>)[] | undefined;
  /** What this application can register. */
  readonly jobs?: readonly JobObject[] | undefined;
  /** What this application can register, with ContainerPilot 2's key. */
  readonly services?: readonly ServiceObject[] | undefined;
  /** What this application can register, of a loaded `Config`. */
  readonly registrations?: readonly RegistrationConfig[] | undefined;
  /** Warnings of a loaded `Config`; they are kept. */
  readonly warnings?: readonly ConfigWarning[] | undefined;
  /** ContainerPilot's control socket; not used. */
  readonly control?: { readonly socket?: string };
  /** ContainerPilot's own logging; not used. */
  readonly logging?: {
    readonly level?: string | undefined;
    readonly format?: string | undefined;
    readonly output?: string | undefined;
  };
  /** ContainerPilot's telemetry; not used. */
  readonly telemetry?: {
    readonly port?: number | string | undefined;
    readonly interfaces?: string | readonly string[] | undefined;
    readonly tags?: readonly string[] | undefined;
    readonly metrics?: readonly object[] | undefined;
    readonly sensors?: readonly object[] | undefined;
  };
  /** How long ContainerPilot waits for its jobs to end; not used. */
  readonly stopTimeout?: number | string | undefined;
  /** Program of ContainerPilot 2; not used. */
  readonly onStart?: string | readonly string[] | undefined;
  /** Program of ContainerPilot 2; not used. */
  readonly preStart?: string | readonly string[] | undefined;
  /** Program of ContainerPilot 2; not used. */
  readonly preStop?: string | readonly string[] | undefined;
  /** Program of ContainerPilot 2; not used. */
  readonly postStop?: string | readonly string[] | undefined;
  /** Programs of ContainerPilot 2; not used. */
  readonly coprocesses?: readonly object[] | undefined;
  /** Programs of ContainerPilot 2; not used. */
  readonly tasks?: readonly object[] | undefined;
}
