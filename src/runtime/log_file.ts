import { closeSync, openSync, writeSync } from "node:fs";

/** A file that text is appended to, in the order in which it is written. */
export class LogFile {
  /** Its path. */
  readonly path: string;
  #descriptor: number;

  /**
   * Opens it.
   *
   * @param path Its path; it is created when it is missing.
   * @throws {Error} the runtime's own, when it cannot be opened.
   */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, "a", 0o644);
  }

  /**
   * Appends text.
   *
   * @param text The text.
   * @throws {Error} the runtime's own, when it cannot be written.
   */
  write(text: string): void {
    writeSync(this.#descriptor, text);
  }

  /**
   * Opens the path again, after a rotation has renamed the file. What it has stays open when that fails.
   *
   * @throws {Error} the runtime's own, when it cannot be opened.
   */
  reopen(): void {
    const descriptor = openSync(this.path, "a", 0o644);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
  }

  /** Closes it. */
  close(): void {
    closeSync(this.#descriptor);
  }
}
