/**
 * Reading configurations and rendering templates, loaded when they are used for the first time.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import type { LoadConfigOptions } from "../config/load_config.ts";
import type { ParseConfigOptions } from "../config/parse_config.ts";
import type { RenderTemplateOptions } from "../template/render_template.ts";

/**
 * Reads a configuration file of ContainerPilot 2 or 3.
 *
 * @param path A path, or a `file:` URL as a string or a `URL`.
 * @param options Options.
 * @returns The configuration, frozen all through.
 * @throws {PilotedError} `CONFIG_NOT_FOUND` when the file is not there or can't be read,
 * `TEMPLATE_INVALID` when its template can't be rendered, `CONFIG_INVALID` when it is no
 * configuration.
 *
 * @example
 * ```ts
 * import { loadConfig, PilotedError } from "@piloted/core";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => loadConfig("/no/such/containerpilot.json5"), PilotedError);
 * ```
 */
export async function loadConfig(
  path: string | URL,
  options?: LoadConfigOptions,
): Promise<Config> {
  const module = await import("../config/load_config.ts");
  return await module.loadConfig(path, options);
}

/**
 * Reads the text of a configuration file of ContainerPilot 2 or 3.
 *
 * @param text The text, with its template not yet rendered.
 * @param options Options; the process's own environment plays no part.
 * @returns The configuration, frozen all through.
 * @throws {PilotedError} `TEMPLATE_INVALID` when its template can't be rendered, `CONFIG_INVALID`
 * when what was rendered is no configuration.
 *
 * @example
 * ```ts
 * import { parseConfig } from "@piloted/core";
 * import { assertEquals } from "@std/assert";
 *
 * const text = `{ consul: "{{ .CONSUL }}:8500", watches: [{ name: "customers", interval: 5 }] }`;
 * const config = await parseConfig(text, { env: { CONSUL: "consul" } });
 * assertEquals(config.consul.url, "http://consul:8500");
 * ```
 */
export async function parseConfig(text: string, options?: ParseConfigOptions): Promise<Config> {
  const module = await import("../config/parse_config.ts");
  return await module.parseConfig(text, options);
}

/**
 * Renders a Go template as ContainerPilot does: the data is the environment. The language is
 * described in `docs/template.md`.
 *
 * @param text The template.
 * @param options The environment, and what to do with unset variables and too much work.
 * @returns The rendered text.
 * @throws {PilotedError} `TEMPLATE_INVALID`, with `stage`, `line` and `column`.
 *
 * @example
 * ```ts
 * import { renderTemplate } from "@piloted/core";
 * import { assertEquals } from "@std/assert";
 *
 * const text = await renderTemplate('{{ .CONSUL | default "localhost" }}:8500', { env: {} });
 * assertEquals(text, "localhost:8500");
 * ```
 */
export async function renderTemplate(
  text: string,
  options: RenderTemplateOptions,
): Promise<string> {
  const module = await import("../template/render_template.ts");
  return await module.renderTemplate(text, options);
}
