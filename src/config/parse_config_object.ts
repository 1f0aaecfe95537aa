/**
 * Configurations given in code.
 *
 * @module
 */
import { isSecret } from "../secret.ts";
import { renderTemplateWithMap } from "../template/render_template.ts";
import type { Config } from "./config.ts";
import { ConfigFault, formatPath, type Path } from "./config_fault.ts";
import type { ConfigObject } from "./config_object.ts";
import { ConfigSource } from "./config_source.ts";
import { decodeConfig, PARTS } from "./decode_config.ts";
import { completeConfig, keptWarnings } from "./loaded_config.ts";
import type { ReadContext } from "./parse_config.ts";
import { maskMembers, WatchedEnvironment } from "./secrets.ts";
import { type Entry, isObject } from "./weak_decode.ts";

// Deeper than any configuration, and far from the limit of recursion.
const DEEPEST = 100;

/**
 * Reads a configuration object.
 *
 * @param object The object. It is not changed.
 * @param context The environment, and what an unset variable is.
 * @returns The configuration, deeply frozen.
 * @throws {PilotedError} `TEMPLATE_INVALID` when a template in it can't be rendered,
 * `CONFIG_INVALID` when it is not a valid configuration.
 */
export async function parseConfigObject(
  object: ConfigObject,
  context: ReadContext,
): Promise<Config> {
  const watched = new WatchedEnvironment(context.template);
  const source = new ConfigSource(watched);
  try {
    const value: Record<string, unknown> = { ...object };
    const render = (text: string, path: Path) => renderString(text, path, source, watched, context);
    for (const key of PARTS) {
      if (!Object.hasOwn(object, key)) continue;
      value[key] = await renderStrings({ value: object[key], path: [key] }, [], render);
    }
    const warn = source.warn.bind(source);
    const decoded = decodeConfig(value, context.consul, { inCode: true, warn });
    const kept = Object.hasOwn(object, "warnings") ? keptWarnings(object.warnings) : [];
    const said = new Set(kept.map(({ message }) => message));
    const warnings = source.warnings().filter(({ message }) => !said.has(message));
    return completeConfig(decoded, [...kept, ...warnings]);
  } catch (caught) {
    throw source.error(caught);
  }
}

type Render = (text: string, path: Path) => Promise<string>;

async function renderString(
  text: string,
  path: Path,
  source: ConfigSource,
  { env }: WatchedEnvironment,
  { missing }: ReadContext,
): Promise<string> {
  if (!text.includes("{{")) return text;
  const place = `the template in ${formatPath(path)}`;
  const rendered = await renderTemplateWithMap(text, { env, missing }, {
    place,
    mask: maskMembers,
  });
  for (const name of rendered.unset.keys()) source.warnOfUnset(name, path);
  return rendered.text;
}

async function renderStrings(
  entry: Entry,
  around: readonly unknown[],
  render: Render,
): Promise<unknown> {
  const { value, path } = entry;
  if (typeof value === "string") return await render(value, path);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value) || isLoaded(entry)) return value;
  if (around.includes(value)) throw new ConfigFault(entry, "must not contain itself");
  if (around.length > DEEPEST) {
    throw new ConfigFault({ path: path.slice(0, 2) }, `must be at most ${DEEPEST} levels deep`);
  }
  const inside = [...around, value];
  if (Array.isArray(value)) {
    return await Promise.all(
      value.map((item, index) =>
        renderStrings({ value: item, path: [...path, index] }, inside, render)
      ),
    );
  }
  // A URL or a Map has no members and would be read as an empty object.
  if (Object.prototype.toString.call(value) !== "[object Object]") {
    throw new ConfigFault(entry, `must be a plain object, received a ${value.constructor?.name}`);
  }
  const members = Object.entries(value).map(async ([key, member]) =>
    [key, await renderStrings({ value: member, path: [...path, key] }, inside, render)] as const
  );
  return Object.fromEntries(await Promise.all(members));
}

// A part of a loaded configuration has no templates: what they printed is text.
function isLoaded({ value, path }: Entry): boolean {
  if (!isObject(value)) return false;
  if (path.length === 1) return path[0] === "consul" && value.url !== undefined;
  return path.length === 2 && value.intervalMs !== undefined;
}
