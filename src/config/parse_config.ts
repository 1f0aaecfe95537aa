import type { Environment } from "../runtime/environment.ts";
import { renderTemplateWithMap } from "../template/render_template.ts";
import { checkOptions } from "../check_options.ts";
import type { Config } from "./config.ts";
import { ConfigSource } from "./config_source.ts";
import { decodeConfig } from "./decode_config.ts";
import { describeKind } from "./describe_value.ts";
import { readDocument } from "./json5_document.ts";
import { completeConfig } from "./loaded_config.ts";
import { maskMembers, WatchedEnvironment } from "./secrets.ts";

/** Options of {@linkcode parseConfig}. */
export interface ParseConfigOptions {
  /**
   * The environment, for the template and for Consul's own variables. The environment of the
   * process is not used.
   *
   * @default {{}}
   */
  readonly env?: Environment | undefined;
  /**
   * What an unset variable is in the template: the empty string and a warning, or an error.
   *
   * @default {"empty"}
   */
  readonly missing?: Missing | undefined;
  /** Name of the file that the text came from, for errors and warnings. */
  readonly path?: string | undefined;
}

/** What an unset variable is in a template. */
export type Missing = "empty" | "error";

const RULES = {
  env: { type: "object" },
  missing: { type: "one-of", values: ["empty", "error"] },
  path: { type: "string" },
} as const;

/**
 * Reads the text of a configuration file. `parseConfig()` of the core.
 *
 * @param text The text.
 * @param options Options.
 * @returns The configuration.
 */
export async function parseConfig(
  text: string,
  options: ParseConfigOptions = {},
): Promise<Config> {
  checkOptions("parseConfig()", options, RULES);
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot parse a configuration: the text must be a string, received ${describeKind(text)}`,
    );
  }
  const { env = {}, missing, path } = options;
  return await parseConfigText(text, { template: env, consul: env, missing }, path);
}

/** What is needed besides the document to read a configuration. */
export interface ReadContext {
  /** The environment for the template. */
  readonly template: Environment;
  /** The environment for Consul's own variables. */
  readonly consul: Environment;
  /** What an unset variable is in a template. */
  readonly missing: Missing | undefined;
}

/**
 * Reads the text of a configuration file.
 *
 * @param text The text.
 * @param context The environment, and what an unset variable is.
 * @param path Name of the file.
 * @returns The configuration.
 * @throws {PilotedError} as `parseConfig`.
 */
export async function parseConfigText(
  text: string,
  context: ReadContext,
  path: string | undefined,
): Promise<Config> {
  const watched = new WatchedEnvironment(context.template);
  const template = text.replace(/^\uFEFF/, "");
  const { missing } = context;
  const rendered = await renderTemplateWithMap(template, { env: watched.env, missing, path }, {
    mask: maskMembers,
  });
  const source = new ConfigSource(watched, path, { template, rendered });
  for (const [name, index] of rendered.unset) source.warnOfUnset(name, [], index);
  try {
    const { value, place } = readDocument(rendered.text);
    source.place = place;
    const warn = source.warn.bind(source);
    const decoded = decodeConfig(value, context.consul, { inCode: false, warn });
    return completeConfig(decoded, source.warnings());
  } catch (caught) {
    throw source.error(caught);
  }
}
