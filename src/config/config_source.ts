/**
 * Turns faults and warnings of the decoders into errors and warnings that point at the place.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { RenderedTemplate } from "../template/render_template.ts";
import { caret, locate, type TextPosition } from "../text_position.ts";
import type { ConfigWarning } from "./config.ts";
import { ConfigFault, formatPath, type Path, type Target } from "./config_fault.ts";
import { describeValue } from "./describe_value.ts";
import { type Place, placeOf, SyntaxFault } from "./json5_document.ts";
import { maskMembers, mentionsSecret, type WatchedEnvironment } from "./secrets.ts";

/** The text that a configuration came from. */
export interface SourceText {
  /** The text as it was written. */
  readonly template: string;
  /** The text after rendering. */
  readonly rendered: RenderedTemplate;
}

// A file with more warnings than this is something else; the rest is counted.
const MOST_WARNINGS = 100;

/** Where a configuration came from: a text, or an object given in code. */
export class ConfigSource {
  readonly #env: WatchedEnvironment;
  readonly #path: string | undefined;
  readonly #text: SourceText | undefined;
  readonly #warnings: ConfigWarning[] = [];
  #unlisted = 0;
  /** Where the values are in the text, once that is known. */
  place: Place | undefined;

  /**
   * @param env The environment that was rendered into it.
   * @param path Name of the file.
   * @param text The text; none for an object.
   */
  constructor(env: WatchedEnvironment, path?: string, text?: SourceText) {
    this.#env = env;
    this.#path = path;
    this.#text = text;
  }

  /**
   * Adds a warning.
   *
   * @param target Where.
   * @param message What is odd, to be read after the path.
   */
  warn(target: Target, message: string): void {
    const at = this.#format(target.path);
    const offset = this.#offset(target);
    this.#push(
      `${at || "the document"} ${message}`,
      at,
      offset === undefined ? undefined : this.#origin(offset),
    );
  }

  /**
   * Adds a warning that a template reads a variable that is not set.
   *
   * @param name The variable.
   * @param path The string of an object whose template it is; empty for a text.
   * @param index Where a text reads it, as an index into the template.
   */
  warnOfUnset(name: string, path: Path, index?: number): void {
    const at = `$${name}`;
    const subject = path.length === 0 ? at : `${this.#format(path)} reads ${at}, which`;
    const message = `${subject} is not set: an empty string is used. Set it, or write ` +
      `{{ .${name} | default "..." }}`;
    const position = index === undefined ? undefined : locate(this.#text!.template, index);
    this.#push(message, at, { position });
  }

  #push(message: string, at: string, origin: Origin | undefined): void {
    if (this.#warnings.length === MOST_WARNINGS) {
      this.#unlisted++;
      return;
    }
    this.#warnings.push(Object.freeze({
      message,
      at,
      ...this.#path !== undefined && { path: this.#path },
      ...origin?.position,
    }));
  }

  /** The warnings so far. Frozen. */
  warnings(): readonly ConfigWarning[] {
    const unlisted = this.#unlisted === 0 ? [] : [Object.freeze({
      message: `${this.#unlisted} more warnings are left out`,
      at: "",
      ...this.#path !== undefined && { path: this.#path },
    })];
    return Object.freeze([...this.#warnings, ...unlisted]);
  }

  /**
   * The error for what was caught.
   *
   * @param caught What a decoder threw.
   * @returns The error; anything but a fault as it is.
   */
  error(caught: unknown): unknown {
    if (caught instanceof SyntaxFault) return this.#syntaxError(caught);
    if (caught instanceof ConfigFault) return this.#configError(caught);
    return caught;
  }

  #syntaxError(fault: SyntaxFault): PilotedError {
    const rest = this.#text!.rendered.text.slice(fault.offset);
    const next = /^[A-Za-z0-9_$]+|^./su.exec(rest)?.[0];
    const received = next === undefined ? "the end of the text" : this.#describe(next);
    return this.#error(`expected ${fault.message}`, received, fault.offset);
  }

  #configError(fault: ConfigFault): PilotedError {
    const at = this.#format(fault.target.path) || "the document";
    const received = fault.shown ? this.#describe(fault.received) : undefined;
    const offset = this.#offset(fault.target);
    return this.#error(`${at} ${fault.message}`, received, offset, !fault.hidden);
  }

  #error(
    problem: string,
    received: string | undefined,
    offset: number | undefined,
    withLines = true,
  ): PilotedError {
    const { position, action }: Origin = offset === undefined ? {} : this.#origin(offset);
    const hidden = action !== undefined && mentionsSecret(action);
    const shown = hidden ? "a value that is not shown" : received;
    const place = [this.#path, position?.line, position?.column]
      .filter((part) => part !== undefined).join(":");
    const message = `Cannot use the configuration${place && ` in ${place}`}: ${problem}` +
      (shown ? `, received ${shown}` : "");
    const lines = offset === undefined || !withLines ? [] : this.#lines(offset);
    return new PilotedError("CONFIG_INVALID", [message, ...lines].join("\n"), {
      path: this.#path,
      ...position,
    });
  }

  // Masked before it is cut, so that no half of a secret is left.
  #describe(value: unknown): string {
    return describeValue(typeof value === "string" ? this.#env.mask(value) : value);
  }

  #format(path: Path): string {
    return formatPath(path.map((step) => typeof step === "string" ? this.#env.mask(step) : step));
  }

  // Index into the rendered text; undefined for an object, and for an environment variable.
  #offset({ path, key }: Target): number | undefined {
    if (this.place === undefined) return undefined;
    if (String(path[0]).startsWith("$") && !this.place.parts.has(path[0]!)) return undefined;
    const place = placeOf(this.place, path);
    return key && place.key !== undefined ? place.key : place.start;
  }

  #origin(offset: number): Origin {
    const { template, rendered } = this.#text!;
    const index = rendered.sourceOffset(offset);
    if (index === undefined) return {};
    return { index, position: locate(template, index), action: actionAt(template, index) };
  }

  // The lines that show a place. If actions changed its line, the rendered line is shown as well,
  // unless it may contain a secret.
  #lines(offset: number): string[] {
    const { template, rendered } = this.#text!;
    const { index, position, action = "" } = this.#origin(offset);
    const written = index === undefined ? "" : lineAround(template, index);
    const lines = position === undefined ? [] : [show(maskMembers(template), position)];
    if (written === lineAround(rendered.text, offset)) return lines;
    if (mentionsSecret(written) || mentionsSecret(action)) return lines;
    const shown = show(this.#env.mask(rendered.text), locate(rendered.text, offset));
    return [...lines, "which was rendered as", shown];
  }
}

// Where something in the rendered text comes from; empty if that is not known.
interface Origin {
  /** Index into the template. */
  readonly index?: number | undefined;
  readonly position?: TextPosition | undefined;
  /** The action that printed it. */
  readonly action?: string | undefined;
}

function show(text: string, { line, column }: TextPosition): string {
  return caret(text, line, column);
}

function lineAround(text: string, index: number): string {
  const start = text.lastIndexOf("\n", index - 1) + 1;
  const end = text.indexOf("\n", index);
  return text.slice(start, end < 0 ? undefined : end);
}

// The action that starts at an index of a template. Text outside of actions never starts like one.
function actionAt(template: string, index: number): string | undefined {
  if (!template.startsWith("{{", index)) return undefined;
  const end = template.indexOf("}}", index);
  return template.slice(index, end < 0 ? undefined : end + 2);
}
