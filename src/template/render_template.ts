import type { TemplateLimits } from "./limits.ts";

/** Options of {@linkcode renderTemplate}. */
export interface RenderTemplateOptions {
  /** The environment: the template's data, from name to value. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * What an unset variable is: the empty string, as in ContainerPilot, or an error that names every
   * unset variable at once.
   *
   * @default {"empty"}
   */
  readonly missing?: "empty" | "error";
  /** How much work the rendering may do; what is left out keeps its default. */
  readonly limits?: Partial<TemplateLimits>;
  /** Name of the file, for errors. */
  readonly path?: string;
}

/** A rendered text that knows where it comes from. */
export interface RenderedTemplate {
  /** The rendered text. */
  readonly text: string;
  /**
   * Where a place of the rendered text comes from: exact for text outside of actions, the action's
   * start for what an action printed.
   *
   * @param renderedOffset Index into the rendered text, in UTF-16 code units.
   * @returns Index into the template, in UTF-16 code units; `undefined` where nothing was rendered.
   */
  sourceOffset(renderedOffset: number): number | undefined;
}

export async function renderTemplate(
  text: string,
  options: RenderTemplateOptions,
): Promise<string> {
  return (await renderTemplateWithMap(text, options)).text;
}

// For now only {{ .NAME }}, so that the rooms above can be built on the final signature.
export function renderTemplateWithMap(
  text: string,
  options: RenderTemplateOptions,
): Promise<RenderedTemplate> {
  const rendered = text.replace(
    /\{\{\s*\.(\w+)\s*\}\}/g,
    (_, name: string) => options.env[name] ?? "",
  );
  return Promise.resolve({ text: rendered, sourceOffset: (offset) => offset });
}
