import { PilotedError } from "../errors.ts";
import { caret, locate } from "../text_position.ts";
import { TemplateFailure } from "./failure.ts";
import { infixHint } from "./infix_hint.ts";
import { fromBytes } from "./utf8.ts";

/** The template that an error is about. */
export interface ErrorContext {
  /** The template, as a byte string. */
  readonly source: string;
  /** Name of the file. */
  readonly path: string | undefined;
  /** What was done with it. */
  readonly stage: "parse" | "exec";
  /** What the template is called in messages when it has no path. */
  readonly place?: string | undefined;
  /** Hides secrets that the template itself has, in a text that is shown. */
  readonly mask?: ((text: string) => string) | undefined;
}

/**
 * The error that names and shows a place.
 *
 * @param message What is wrong there.
 * @param context The template.
 * @param position The place, as a byte offset.
 * @param cause What led to it.
 */
export function templateError(
  message: string,
  { source, path, stage, place, mask }: ErrorContext,
  position: number,
  cause?: unknown,
): PilotedError {
  const text = fromBytes(source);
  const { line, column } = locate(text, fromBytes(source.slice(0, position)).length);
  const verb = stage === "parse" ? "parse" : "execute";
  const where = `${path ?? place ?? "the template"}, line ${line}, column ${column}`;
  return new PilotedError(
    "TEMPLATE_INVALID",
    `Cannot ${verb} ${where}: ${message}\n${caret(mask?.(text) ?? text, line, column)}`,
    { stage, line, column, path, cause },
  );
}

/**
 * What is thrown for something caught while working on a template.
 *
 * @param error What was caught.
 * @param context The template.
 * @param position Where the work was, where the error does not know.
 */
export function toTemplateError(error: unknown, context: ErrorContext, position: number): unknown {
  if (error instanceof TemplateFailure) {
    const at = error.position ?? position;
    const hint = fromBytes(infixHint(context.source, at));
    return templateError(error.message + hint, context, at);
  }
  // The nesting is limited, but the caller's own stack may be almost full.
  if (error instanceof RangeError) {
    return templateError("more memory is needed than there is", context, position, error);
  }
  return error;
}
