/**
 * ACL tokens that change: in a file, or returned by a function.
 *
 * @module
 */
import type { TokenProvider } from "../config/config.ts";
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import { readTextFile } from "../runtime/files.ts";
import { revealSecret } from "../secret.ts";
import type { Credentials } from "../source/consul_credentials.ts";

// Of a client with a thousand watches only one request a second reads the file.
const FRESH_MS = 1_000;

/** The token in a file: read again when it is older than a second, and when Consul refuses it. */
export class TokenFile implements Credentials {
  readonly #path: string;
  readonly #clock: Clock;
  #token: string | undefined;
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  /** Creates it; nothing is read yet. */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The token as the file has it now. */
  async token(): Promise<string | undefined> {
    if (this.#clock.now() - this.#readAt >= FRESH_MS) await this.#read();
    return this.#token;
  }

  /** Reads the file again. */
  async refused(token: string | undefined): Promise<boolean> {
    await this.#read();
    return this.#token !== token;
  }

  #read(): Promise<void> {
    return this.#reading ??= this.#readFile().finally(() => this.#reading = undefined);
  }

  async #readFile(): Promise<void> {
    try {
      const text = (await readTextFile(this.#path)).trim();
      if (text === "") throw new Error("it is empty");
      this.#token = text;
      this.#readAt = this.#clock.now();
    } catch (cause) {
      // Whoever replaces a file may remove it first: the former token is good until it is refused.
      if (this.#token !== undefined) return;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new PilotedError("CONFIG_INVALID", `Cannot read the Consul token: ${why}`, {
        path: this.#path,
        cause,
      });
    }
  }
}

/** The token that a function returns, for each request. */
export class ProvidedToken implements Credentials {
  readonly #provide: TokenProvider;

  /** Creates it; the function is not called yet. */
  constructor(provide: TokenProvider) {
    this.#provide = provide;
  }

  /** Calls the function. */
  async token(): Promise<string | undefined> {
    let token: unknown;
    try {
      token = revealSecret(await this.#provide());
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new PilotedError("REGISTRY_DENIED", `Cannot get the Consul token: ${why}`, { cause });
    }
    if (token === undefined || typeof token === "string") return token || undefined;
    const message = "Cannot get the Consul token: the function must return a string";
    throw new PilotedError("CONFIG_INVALID", `${message}, received ${typeof token}`);
  }

  /** Calls the function again. */
  async refused(token: string | undefined): Promise<boolean> {
    return await this.token() !== token;
  }
}
