/**
 * Reading configurations and rendering templates. What they need is loaded on first use.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { Config } from "../config/config.ts";
import type { LoadConfigOptions } from "../config/load_config.ts";
import type { ParseConfigOptions } from "../config/parse_config.ts";
import type { RenderTemplateOptions } from "../template/render_template.ts";

/**
 * Reads a configuration file of ContainerPilot 2 or 3. It connects to nothing.
 *
 * @param path A path, or a `file:` URL as a string or a `URL`. `file://` without a third slash is
 * followed by a path, as in ContainerPilot 2.
 * @param options The environment, and what an unset variable is.
 * @returns The configuration, deeply frozen.
 * @throws {PilotedError} `CONFIG_NOT_FOUND` when the file does not exist or can't be read,
 * `TEMPLATE_INVALID` when its template can't be rendered, `CONFIG_INVALID` when it is not a valid
 * configuration.
 * @throws {TypeError} when an argument or an option is of the wrong type, or an option is unknown.
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
  const module = await loadModule(() => import("../config/load_config.ts"));
  return await module.loadConfig(path, options);
}

/**
 * Reads the text of a configuration file of ContainerPilot 2 or 3.
 *
 * @param text The text, before its template is rendered. A byte order mark is ignored.
 * @param options The environment, what an unset variable is, and the name of the file. The
 * environment of the process is not used.
 * @returns The configuration, deeply frozen.
 * @throws {PilotedError} `TEMPLATE_INVALID` when its template can't be rendered, `CONFIG_INVALID`
 * when the rendered text is not a valid configuration.
 * @throws {TypeError} when an argument or an option is of the wrong type, or an option is unknown.
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
  const module = await loadModule(() => import("../config/parse_config.ts"));
  return await module.parseConfig(text, options);
}

/**
 * Renders a Go template as ContainerPilot does: the data is the environment. `docs/template.md`
 * describes the language.
 *
 * @param text The template.
 * @param options The environment, what an unset variable is, and limits.
 * @returns The rendered text.
 * @throws {PilotedError} `TEMPLATE_INVALID`, with `stage`, `line` and `column`, when the template
 * can't be parsed or executed, or exceeds a limit.
 * @throws {TypeError} when an argument or an option is of the wrong type, or an option is unknown.
 * @throws {RangeError} when a limit is not a positive whole number.
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
  const module = await loadModule(() => import("../template/render_template.ts"));
  return await module.renderTemplate(text, options);
}
