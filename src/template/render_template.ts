import { Budget } from "./budget.ts";
import { Environment } from "./environment.ts";
import { Evaluator } from "./evaluator.ts";
import { FUNCTIONS, REGEX_REPLACE_ALL } from "./functions.ts";
import { DEFAULT_TEMPLATE_LIMITS, type TemplateLimits } from "./limits.ts";
import { type ParsedTemplate, parseTemplate } from "./parser.ts";
import { loadRegexpEngine } from "./regexp.ts";
import { SourceMap } from "./source_map.ts";
import { templateError, toTemplateError } from "./template_error.ts";
import { decodeRune, fromBytes, isAscii, toBytes } from "./utf8.ts";

/** Options of {@linkcode renderTemplate}. */
export interface RenderTemplateOptions {
  /** The environment: the template's data, from name to value. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * What an unset variable is: the empty string, as in ContainerPilot, or an error that names every
   * unset variable at once.
   *
   * A variable counts when it is read while rendering, except where the template asks whether it is
   * set: in the condition of an `if` or a `with`, in the arguments of `default`, `and`, `or` and
   * `not`, and in the stages of a pipeline before one of these. A variable that is set to the empty
   * string is set.
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
   * `{{` for what an action printed.
   *
   * @param renderedOffset Index into the rendered text, in UTF-16 code units.
   * @returns Index into the template, in UTF-16 code units; `undefined` where nothing was rendered.
   */
  sourceOffset(renderedOffset: number): number | undefined;
}

/**
 * Renders a Go template as ContainerPilot does: the data is the environment, and besides Go's
 * functions there are `default`, `env`, `split`, `join`, `replaceAll`, `regexReplaceAll` and `loop`.
 * Nothing but the environment can be reached from a template, and every rendering ends.
 *
 * @param text The template.
 * @param options The environment, and what to do with unset variables and too much work.
 * @returns The rendered text. A promise, since the engine of `regexReplaceAll` is loaded only for a
 * template that uses it.
 * @throws {PilotedError} with code `TEMPLATE_INVALID`, and `stage`, `line` and `column`, when the
 * template can't be parsed or executed, or goes over a limit.
 * @throws {TypeError} when the text is no string or the environment no object.
 * @throws {RangeError} when a limit is not a positive whole number.
 *
 * @example
 * ```ts
 * import { renderTemplate } from "@piloted/core/template";
 *
 * const text = await renderTemplate('consul: "{{ .CONSUL | default "localhost" }}:8500"', {
 *   env: {},
 * });
 * if (text !== 'consul: "localhost:8500"') throw new Error(text);
 * ```
 */
export async function renderTemplate(
  text: string,
  options: RenderTemplateOptions,
): Promise<string> {
  const source = checkArguments(text, options);
  return source === undefined ? text : fromBytes(await render(source, options));
}

/**
 * As {@linkcode renderTemplate}, and tells where each place of the rendered text comes from.
 *
 * @param text The template.
 * @param options As of {@linkcode renderTemplate}.
 * @returns The rendered text with its source map.
 * @throws As {@linkcode renderTemplate}.
 */
export async function renderTemplateWithMap(
  text: string,
  options: RenderTemplateOptions,
): Promise<RenderedTemplate> {
  const source = checkArguments(text, options);
  if (source === undefined) return { text, sourceOffset: (offset) => offset };
  const map = new SourceMap();
  const bytes = await render(source, options, map);
  return {
    text: fromBytes(bytes),
    sourceOffset(renderedOffset) {
      const offset = map.find(byteOffset(bytes, renderedOffset));
      return offset === undefined ? undefined : fromBytes(source.slice(0, offset)).length;
    },
  };
}

// The template as a byte string; undefined where it has no action, and comes back as it is.
function checkArguments(text: string, { env, limits }: RenderTemplateOptions): string | undefined {
  if (typeof text !== "string") {
    throw new TypeError(`Cannot render a template: it must be a string, received ${typeof text}`);
  }
  if (typeof env !== "object" || env === null) {
    throw new TypeError(`Cannot render a template: env must be an object, received ${env}`);
  }
  for (const [name, limit] of Object.entries(limits ?? {})) {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new RangeError(
        `Cannot render a template: limits.${name} must be a positive whole number, received ${limit}`,
      );
    }
  }
  return text.includes("{{") ? toBytes(text) : undefined;
}

async function render(
  source: string,
  { env, limits, missing = "empty", path }: RenderTemplateOptions,
  map?: SourceMap,
): Promise<string> {
  const budget = new Budget({ ...DEFAULT_TEMPLATE_LIMITS, ...defined(limits) });
  const { templates, functions } = parse(source, budget, path);
  const regexp = functions.has(REGEX_REPLACE_ALL) ? await loadRegexpEngine() : undefined;
  const unset = new Map<string, number>();
  const environment = new Environment(env, (name) => {
    if (!unset.has(name)) unset.set(name, evaluator.position);
  });
  const variable = (name: string) => environment.get(name);
  const evaluator = new Evaluator(templates, environment, { budget, regexp, variable }, map);
  const context = { source, path, stage: "exec" } as const;
  let output = "";
  let failure: unknown;
  try {
    output = evaluator.run();
  } catch (error) {
    failure = toTemplateError(error, context, evaluator.position);
  }
  // Unset variables first: they may be why the rest failed.
  if (missing === "error" && unset.size > 0) {
    const [position = 0] = unset.values();
    const names = [...unset.keys()].join(", ");
    throw templateError(`not set in the environment: ${names}`, context, position, failure);
  }
  if (failure !== undefined) throw failure;
  return output;
}

function parse(source: string, budget: Budget, path: string | undefined): ParsedTemplate {
  try {
    return parseTemplate(source, FUNCTIONS, budget);
  } catch (error) {
    throw toTemplateError(error, { source, path, stage: "parse" }, 0);
  }
}

function defined(limits: Partial<TemplateLimits> = {}): Partial<TemplateLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

// The byte at which a place of the text that these bytes are begins.
function byteOffset(bytes: string, textOffset: number): number {
  if (isAscii(bytes)) return textOffset;
  let index = 0;
  for (let units = 0; units < textOffset && index < bytes.length;) {
    const { code, size } = decodeRune(bytes, index);
    units += code > 0xffff ? 2 : 1;
    index += size;
  }
  return index;
}
