import { renderTemplate } from "../template/render_template.ts";
import type { Config } from "./config.ts";
import { ConfigFault } from "./config_fault.ts";
import { ConfigSource } from "./config_source.ts";
import { decodeConfig, PARTS } from "./decode_config.ts";
import type { Environments } from "./parse_config.ts";
import { WatchedEnvironment } from "./secrets.ts";
import type { Entry } from "./weak_decode.ts";

/** Where Consul is, as an object. */
export interface ConsulObject {
  /** `host:port`, or a URL. */
  readonly address?: string;
  /** `http` or `https`. */
  readonly scheme?: string;
  /** ACL token. */
  readonly token?: string;
  /** TLS settings, by ContainerPilot's names. */
  readonly tls?: {
    /** PEM file of the certificate authority. */
    readonly cafile?: string;
    /** Folder of PEM files of certificate authorities. */
    readonly capath?: string;
    /** PEM file of the client certificate. */
    readonly clientcert?: string;
    /** PEM file of the client certificate's key. */
    readonly clientkey?: string;
    /** Name that the server's certificate must carry, where it is not the address. */
    readonly servername?: string;
    /**
     * Whether the server's certificate is verified.
     *
     * @default {true}
     */
    readonly verify?: boolean;
  };
}

/** One watched service, in an object given in code. */
export interface WatchObject {
  /** Name of the service: any that Consul takes. */
  readonly name: string;
  /**
   * Poll interval in seconds.
   *
   * @default {10}
   */
  readonly interval?: number | string;
  /** Only instances with this tag. */
  readonly tag?: string;
  /** Datacenter. */
  readonly dc?: string;
}

/** One job, in an object given in code. Those with a port can be registered; the rest is left alone. */
export interface JobObject {
  /** Name of the job and of its service. */
  readonly name: string;
  /** Port of the service. */
  readonly port?: number | string;
  /** Tags of the service. */
  readonly tags?: readonly string[];
  /** Metadata of the service. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Interface specifications, in order of preference. */
  readonly interfaces?: string | readonly string[];
  /** Health reports: times in seconds, or such as `"1m30s"`. */
  readonly health?: {
    /** Time between reports. */
    readonly interval?: number | string;
    /** Time after which a missing report makes the instance critical. */
    readonly ttl?: number | string;
    /** What belongs to ContainerPilot. */
    readonly [key: string]: unknown;
  };
  /** Status until the first report. */
  readonly initialStatus?: "passing" | "warning" | "critical";
  /** What only Consul knows. */
  readonly consul?: {
    /** Whether others may change the tags. */
    readonly enableTagOverride?: boolean;
    /** Time after which a critical instance is removed. */
    readonly deregisterCriticalServiceAfter?: number | string;
  };
  /** What belongs to ContainerPilot. */
  readonly [key: string]: unknown;
}

/**
 * A configuration given in code: what a file says, as an object. Templates in its strings are
 * rendered, as node-piloted did.
 */
export interface ConfigObject {
  /** Where Consul is. */
  readonly consul?: string | ConsulObject;
  /** What is watched. */
  readonly watches?: readonly WatchObject[];
  /** What this application could register of itself. */
  readonly jobs?: readonly JobObject[];
  /** What belongs to ContainerPilot 2 or 3. */
  readonly [key: string]: unknown;
}

// Deeper than any configuration, and far from where recursion ends.
const DEEPEST = 100;

/**
 * Reads a configuration object.
 *
 * @param object The object. Is not changed.
 * @param envs The environment.
 * @returns The configuration, frozen all through.
 * @throws {PilotedError} `TEMPLATE_INVALID` when a template in it can't be rendered,
 * `CONFIG_INVALID` when it is no configuration.
 */
export async function parseConfigObject(
  object: ConfigObject,
  envs: Environments,
): Promise<Config> {
  const watched = new WatchedEnvironment(envs.template);
  const source = new ConfigSource(watched);
  try {
    const value: Record<string, unknown> = { ...object };
    for (const key of PARTS) {
      if (!Object.hasOwn(object, key)) continue;
      value[key] = await renderStrings({ value: object[key], path: [key] }, [], watched.env);
    }
    const warn = source.warn.bind(source);
    const decoded = decodeConfig(value, envs.consul, { anyName: true, warn });
    return Object.freeze({ ...decoded, warnings: source.warnings() });
  } catch (caught) {
    throw source.error(caught);
  }
}

async function renderStrings(
  entry: Entry,
  around: readonly unknown[],
  env: WatchedEnvironment["env"],
): Promise<unknown> {
  const { value, path } = entry;
  if (typeof value === "string") {
    return value.includes("{{") ? await renderTemplate(value, { env }) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (around.includes(value)) throw new ConfigFault(entry, "must not contain itself");
  if (around.length > DEEPEST) {
    throw new ConfigFault({ path: path.slice(0, 2) }, `must be at most ${DEEPEST} levels deep`);
  }
  const inside = [...around, value];
  if (Array.isArray(value)) {
    return await Promise.all(
      value.map((item, index) =>
        renderStrings({ value: item, path: [...path, index] }, inside, env)
      ),
    );
  }
  // A URL or a Map has no members, and would be read as an empty object.
  if (Object.prototype.toString.call(value) !== "[object Object]") {
    throw new ConfigFault(entry, `must be a plain object, received a ${value.constructor?.name}`);
  }
  const members = Object.entries(value).map(async ([key, member]) =>
    [key, await renderStrings({ value: member, path: [...path, key] }, inside, env)] as const
  );
  return Object.fromEntries(await Promise.all(members));
}
