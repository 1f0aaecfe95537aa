import type { Environment } from "../runtime/environment.ts";
import { renderTemplateWithMap } from "../template/render_template.ts";
import type { Config } from "./config.ts";
import { ConfigSource } from "./config_source.ts";
import { decodeConfig } from "./decode_config.ts";
import { describeKind } from "./describe_value.ts";
import { readDocument } from "./json5_document.ts";
import { WatchedEnvironment } from "./secrets.ts";

/** Options of {@linkcode parseConfig}. */
export interface ParseConfigOptions {
  /**
   * The environment: what the template is rendered with, and where Consul's own variables are
   * looked up. The environment of the process plays no part.
   *
   * @default {{}}
   */
  readonly env?: Environment;
  /** Name of the file that the text came from, for errors and warnings. */
  readonly path?: string;
}

/**
 * Reads the text of a configuration file of ContainerPilot 2 or 3.
 *
 * @param text The text, with its template not yet rendered. A byte order mark does no harm.
 * @param options Options.
 * @returns The configuration, frozen all through.
 * @throws {PilotedError} `TEMPLATE_INVALID` when its template can't be rendered, `CONFIG_INVALID`
 * when what was rendered is no configuration.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseConfig } from "./parse_config.ts";
 *
 * const text = `{
 *   consul: "{{ .CONSUL_HOST }}:8500",
 *   watches: [{ name: "customers", interval: 5 }],
 * }`;
 * const config = await parseConfig(text, { env: { CONSUL_HOST: "consul" } });
 * assertEquals(config.consul.url, "http://consul:8500");
 * assertEquals(config.watches.map((watch) => watch.name), ["customers"]);
 * ```
 */
export function parseConfig(text: string, options: ParseConfigOptions = {}): Promise<Config> {
  const { env = {}, path } = options;
  return parseConfigText(text, { template: env, consul: env }, path);
}

/** The environment, as its two readers see it. */
export interface Environments {
  /** What the template is rendered with. */
  readonly template: Environment;
  /** Where Consul's own variables are looked up. */
  readonly consul: Environment;
}

/**
 * Reads the text of a configuration file as {@linkcode parseConfig} does.
 *
 * @param text The text.
 * @param envs The environment.
 * @param path Name of the file.
 * @returns The configuration.
 * @throws {PilotedError} as `parseConfig`.
 */
export async function parseConfigText(
  text: string,
  envs: Environments,
  path: string | undefined,
): Promise<Config> {
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot parse a configuration: the text must be a string, received ${describeKind(text)}`,
    );
  }
  const watched = new WatchedEnvironment(envs.template);
  const template = text.replace(/^\uFEFF/, "");
  const rendered = await renderTemplateWithMap(template, {
    env: watched.env,
    ...path !== undefined && { path },
  });
  const source = new ConfigSource(watched, path, { template, rendered });
  try {
    const { value, place } = readDocument(rendered.text);
    source.place = place;
    const warn = source.warn.bind(source);
    const decoded = decodeConfig(value, envs.consul, { anyName: false, warn });
    return Object.freeze({ ...decoded, warnings: source.warnings() });
  } catch (caught) {
    throw source.error(caught);
  }
}
