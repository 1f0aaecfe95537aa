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
import { sleep } from "../wait.ts";

// Of a client with a thousand watches only one request a second reads the file.
const FRESH_MS = 1_000;
// After a refusal; each further look comes after twice the time.
const FIRST_LOOK_MS = 50;

/** The token in a file: read again when it is older than a second, and when Consul refuses it. */
export class TokenFile implements Credentials {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #patience: Patience;
  #token: string | undefined;
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  /** Creates it; nothing is read yet. */
  constructor(path: string, clock: Clock, graceMs: number) {
    this.#path = path;
    this.#clock = clock;
    this.#patience = new Patience(clock, graceMs);
  }

  /** The token as the file has it now. */
  async token(): Promise<string | undefined> {
    if (this.#clock.now() - this.#readAt >= FRESH_MS) await this.#read();
    return this.#token;
  }

  /** Notes that the file has had a good token. */
  accepted(): void {
    this.#patience.accepted();
  }

  /** Reads the file again, several times if need be: the new token may not be written yet. */
  async refused(token: string | undefined): Promise<boolean> {
    return await this.#patience.untilAnother(token, async () => {
      await this.#read();
      return this.#token;
    });
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
  readonly #patience: Patience;

  /** Creates it; the function is not called yet. */
  constructor(provide: TokenProvider, clock: Clock, graceMs: number) {
    this.#provide = provide;
    this.#patience = new Patience(clock, graceMs);
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

  /** Notes that the function has returned a good token. */
  accepted(): void {
    this.#patience.accepted();
  }

  /** Calls the function again, several times if need be: it may not have the new token yet. */
  async refused(token: string | undefined): Promise<boolean> {
    return await this.#patience.untilAnother(token, () => this.token());
  }
}

/**
 * Waits for the successor of a token that was refused. A token may be destroyed a moment before its
 * successor is there, and a file may be half written when it is read.
 */
class Patience {
  readonly #clock: Clock;
  readonly #graceMs: number;
  #wasAccepted = false;
  // The wait that every refused read of one token joins.
  #wait: { readonly token: string | undefined; readonly ended: Promise<void> } | undefined;

  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  accepted(): void {
    this.#wasAccepted = true;
  }

  async untilAnother(
    token: string | undefined,
    read: () => Promise<string | undefined>,
  ): Promise<boolean> {
    if (await read() !== token) return true;
    // A wrong token at the start is reported at once, and so is one that was waited for.
    if (!this.#wasAccepted) return false;
    if (this.#wait?.token !== token) this.#wait = { token, ended: this.#look(token, read) };
    await this.#wait!.ended;
    return await read() !== token;
  }

  async #look(
    token: string | undefined,
    read: () => Promise<string | undefined>,
  ): Promise<void> {
    for (let waitedMs = 0, delayMs = FIRST_LOOK_MS; waitedMs < this.#graceMs; delayMs *= 2) {
      const step = Math.min(delayMs, this.#graceMs - waitedMs);
      await sleep(this.#clock, step, { background: true });
      waitedMs += step;
      const next = await read().catch(() => token);
      if (next !== token) return;
    }
  }
}
