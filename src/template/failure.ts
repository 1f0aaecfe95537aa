/**
 * Why a template could not be parsed or executed, before it is known as a place in a file. The
 * message names no value: a value may come from a variable that holds a secret.
 */
export class TemplateFailure extends Error {
  /** Byte offset in the template; whoever knows it fills it in. */
  position: number | undefined;

  constructor(message: string, position?: number) {
    super(message);
    this.position = position;
  }
}
