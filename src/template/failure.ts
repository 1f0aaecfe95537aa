/**
 * Why a template could not be parsed or executed, before it is known as a place in a file. The
 * message contains no values: they may come from a variable with a secret.
 */
export class TemplateFailure extends Error {
  /** Byte offset in the template, once it is known. */
  position: number | undefined;

  constructor(message: string, position?: number) {
    super(message);
    this.position = position;
  }
}
