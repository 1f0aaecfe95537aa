import { checkOptions } from "../check_options.ts";
import { Budget } from "./budget.ts";
import { Environment } from "./environment.ts";
import { Evaluator } from "./evaluator.ts";
import { FUNCTIONS, REGEX_REPLACE_ALL } from "./functions.ts";
import { DEFAULT_TEMPLATE_LIMITS, type TemplateLimits } from "./limits.ts";
import { type ParsedTemplate, parseTemplate } from "./parser.ts";
import { loadRegexpEngine } from "./regexp.ts";
import { SourceMap } from "./source_map.ts";
import { type ErrorContext, templateError, toTemplateError } from "./template_error.ts";
import { decodeRune, fromBytes, isAscii, toBytes } from "./utf8.ts";

/** Options of {@linkcode renderTemplate}. */
export interface RenderTemplateOptions {
  /** The environment: the template's data, from name to value. `process.env` can be used. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * What an unset variable is: the empty string, as in ContainerPilot, or an error that names every
   * unset variable at once.
   *
   * A variable counts when it is read while rendering, unless the template tests whether it is set:
   * in the condition of an `if` or a `with`, in the arguments of `default`, `and`, `or` and `not`,
   * and in the stages of a pipeline before one of these. A variable that is set to the empty string
   * is set.
   *
   * @default {"empty"}
   */
  readonly missing?: "empty" | "error" | undefined;
  /** How much work the rendering may do. A limit that is left out keeps its default. */
  readonly limits?:
    | { readonly [Limit in keyof TemplateLimits]?: TemplateLimits[Limit] | undefined }
    | undefined;
  /** Name of the file, for errors. */
  readonly path?: string | undefined;
}

/** How errors speak of a template. */
export type TemplateSubject = Pick<ErrorContext, "place" | "mask">;

/** A rendered text and where it comes from. */
export interface RenderedTemplate {
  /** The rendered text. */
  readonly text: string;
  /**
   * Variables that were read and are not set, in the order of reading, with the index in the
   * template, in UTF-16 code units, where each was read first.
   */
  readonly unset: ReadonlyMap<string, number>;
  /**
   * Where a place of the rendered text comes from: exact for text outside of actions, the action's
   * `{{` for what an action printed.
   *
   * @param renderedOffset Index into the rendered text, in UTF-16 code units.
   * @returns Index into the template, in UTF-16 code units; `undefined` where nothing was rendered.
   */
  sourceOffset(renderedOffset: number): number | undefined;
}

const RULES = {
  env: { type: "object" },
  missing: { type: "one-of", values: ["empty", "error"] },
  limits: { type: "object" },
  path: { type: "string" },
} as const;

const LIMIT = { type: "number", min: 1 } as const;
const LIMIT_RULES = {
  outputBytes: LIMIT,
  steps: LIMIT,
  nesting: LIMIT,
  regexpSize: LIMIT,
} as const;

/**
 * Renders a Go template as ContainerPilot does. `renderTemplate()` of the core.
 *
 * @param text The template.
 * @param options Options.
 * @returns The rendered text. A promise, since the engine of `regexReplaceAll` is loaded only for a
 * template that uses it.
 */
export async function renderTemplate(
  text: string,
  options: RenderTemplateOptions,
): Promise<string> {
  checkArguments(text, options);
  if (!text.includes("{{")) return text;
  return fromBytes((await render(toBytes(text), options)).output);
}

/**
 * As {@linkcode renderTemplate}, with the origin of each place of the rendered text and the
 * variables that are not set. The arguments are not checked.
 *
 * @param text The template.
 * @param options As of {@linkcode renderTemplate}.
 * @param subject How errors speak of the template.
 * @returns The rendered text.
 * @throws {PilotedError} as {@linkcode renderTemplate}.
 */
export async function renderTemplateWithMap(
  text: string,
  options: RenderTemplateOptions,
  subject: TemplateSubject = {},
): Promise<RenderedTemplate> {
  if (!text.includes("{{")) {
    return { text, unset: new Map(), sourceOffset: (offset) => offset };
  }
  const source = toBytes(text);
  const map = new SourceMap();
  const { output, unset } = await render(source, options, subject, map);
  const toIndex = (offset: number) => fromBytes(source.slice(0, offset)).length;
  return {
    text: fromBytes(output),
    unset: new Map([...unset].map(([name, offset]) => [name, toIndex(offset)])),
    sourceOffset(renderedOffset) {
      const offset = map.find(byteOffset(output, renderedOffset));
      return offset === undefined ? undefined : toIndex(offset);
    },
  };
}

function checkArguments(text: unknown, options: RenderTemplateOptions): void {
  checkOptions("renderTemplate()", options, RULES);
  if (typeof text !== "string") {
    throw new TypeError(`Cannot render a template: it must be a string, received ${typeof text}`);
  }
  if (options.env === undefined) {
    throw new TypeError(
      "Cannot render a template: option env is missing, pass process.env or {} for an empty one",
    );
  }
  const { limits = {} } = options;
  checkOptions("renderTemplate()", limits, LIMIT_RULES);
  for (const [name, limit] of Object.entries(limits)) {
    if (limit === undefined || Number.isSafeInteger(limit)) continue;
    throw new RangeError(
      `Cannot use option ${name} of renderTemplate(): it must be a whole number, received ${limit}`,
    );
  }
}

interface Rendering {
  readonly output: string;
  readonly unset: ReadonlyMap<string, number>;
}

async function render(
  source: string,
  { env, limits, missing = "empty", path }: RenderTemplateOptions,
  subject: TemplateSubject = {},
  map?: SourceMap,
): Promise<Rendering> {
  const budget = new Budget({ ...DEFAULT_TEMPLATE_LIMITS, ...defined(limits) });
  const { templates, functions } = parse(budget, { ...subject, source, path, stage: "parse" });
  const regexp = functions.has(REGEX_REPLACE_ALL) ? await loadRegexpEngine() : undefined;
  const unset = new Map<string, number>();
  const environment = new Environment(env, (name) => {
    if (!unset.has(name)) unset.set(name, evaluator.position);
  });
  const variable = (name: string) => environment.get(name);
  const evaluator = new Evaluator(templates, environment, { budget, regexp, variable }, map);
  const context = { ...subject, source, path, stage: "exec" } as const;
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
    const message = `not set in the environment: ${names} ` +
      `(set them, or write {{ .NAME | default "..." }})`;
    throw templateError(message, context, position, failure);
  }
  if (failure !== undefined) throw failure;
  return { output, unset };
}

function parse(budget: Budget, context: ErrorContext): ParsedTemplate {
  try {
    return parseTemplate(context.source, FUNCTIONS, budget);
  } catch (error) {
    throw toTemplateError(error, context, 0);
  }
}

function defined(limits: RenderTemplateOptions["limits"] = {}): Partial<TemplateLimits> {
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
