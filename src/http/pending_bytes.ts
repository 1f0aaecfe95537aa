/**
 * Bytes that wait to be sent.
 *
 * A client that asks for large answers and reads none of them must not fill the memory. So a large
 * body is a stream that is taken piece by piece, as fast as the client reads; equal bodies are the same
 * bytes; and all of these bytes together are limited. Beyond the limit those answers are cut that have
 * been under way longest.
 *
 * @module
 */

// 64 answers with 4,000 endpoints each.
const LIMIT_BYTES = 1 << 26;
/** Shorter bodies are given to the runtime as a whole. */
export const LARGE_BYTES: number = 1 << 16;
/** A stream takes this much at a time. */
export const PIECE_BYTES: number = 1 << 16;

const encoder = new TextEncoder();

// What is sent before other requests get their turn.
const TURN_BYTES = 1 << 20;
const TURN_MS = 5;

/** All bodies that are being sent. */
export class PendingBytes {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #turnBytes = 0;
  #turnEnd = -Infinity;
  // Who sends which bytes, the oldest bytes first.
  readonly #users = new Map<Uint8Array, Set<() => void>>();
  #total = 0;

  /**
   * Starts with nothing to send.
   *
   * @param limit Maximum number of bytes. @default {67_108_864}
   */
  constructor(limit: number = LIMIT_BYTES) {
    this.#limit = limit;
  }

  /** Bytes that wait, those that several answers share counted once. */
  get total(): number {
    return this.#total;
  }

  /**
   * Counts bytes until they are released. Cuts other answers when they are too many.
   *
   * @param bytes The bytes.
   * @param cut Ends the answer that sends them.
   * @returns Releases them.
   */
  hold(bytes: Uint8Array, cut: () => void): () => void {
    let users = this.#users.get(bytes);
    if (users === undefined) {
      this.#users.set(bytes, users = new Set());
      this.#total += bytes.byteLength;
    }
    users.add(cut);
    for (const [other, cuts] of this.#users) {
      if (this.#total <= this.#limit || other === bytes) break;
      for (const cutOther of [...cuts]) cutOther();
      this.#release(other, cuts);
    }
    return () => {
      if (users.delete(cut) && users.size === 0) this.#release(bytes, users);
    };
  }

  /**
   * Waits until a piece may be sent, so that many large bodies do not keep small ones waiting.
   *
   * @param length Its length in bytes.
   * @returns Nothing when it may be sent at once.
   */
  turn(length: number): Promise<void> | undefined {
    const now = performance.now();
    if (this.#waiting.length === 0 && now >= this.#turnEnd) this.#startTurn(now);
    if (this.#waiting.length === 0 && this.#turnBytes < TURN_BYTES) {
      this.#turnBytes += length;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        this.#turnBytes += length;
        resolve();
      });
      if (this.#waiting.length === 1) this.#waitForTurn();
    });
  }

  #startTurn(now: number): void {
    this.#turnBytes = 0;
    this.#turnEnd = now + TURN_MS;
  }

  #waitForTurn(): void {
    setTimeout(() => {
      this.#startTurn(performance.now());
      let count = 0;
      while (count < this.#waiting.length && this.#turnBytes < TURN_BYTES) {
        this.#waiting[count++]!();
      }
      this.#waiting.splice(0, count);
      if (this.#waiting.length > 0) this.#waitForTurn();
    }, 1);
  }

  /**
   * A body of several parts.
   *
   * @param parts Text, or bytes that other bodies may have as well.
   * @returns A string when it is short, else a stream.
   */
  body(parts: readonly (string | Uint8Array)[]): string | ReadableStream<Uint8Array> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length < LARGE_BYTES && parts.every((part) => typeof part === "string")) {
      return parts.join("");
    }
    const pieces = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
    return this.#stream(pieces);
  }

  #stream(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
    const rest = [...parts];
    let offset = 0;
    let isHeld = false;
    let releases: (() => void)[] = [];
    const release = () => {
      for (const each of releases) each();
      releases = [];
      rest.length = 0;
    };
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (!isHeld) {
          // Only now: the body of an answer to HEAD is never read.
          isHeld = true;
          const cut = () => {
            release();
            controller.error(new Error("Cannot send the response: too many others wait as well"));
          };
          releases = parts.map((part) => this.hold(part, cut));
        }
        await this.turn(PIECE_BYTES);
        const part = rest[0];
        // Cut meanwhile.
        if (part === undefined) return;
        const piece = part.subarray(offset, offset + PIECE_BYTES);
        offset += piece.byteLength;
        controller.enqueue(piece);
        if (offset < part.byteLength) return;
        offset = 0;
        rest.shift();
        if (rest.length > 0) return;
        release();
        controller.close();
      },
      cancel: release,
    }, { highWaterMark: 0 });
  }

  #release(bytes: Uint8Array, users: ReadonlySet<unknown>): void {
    if (this.#users.get(bytes) !== users) return;
    this.#users.delete(bytes);
    this.#total -= bytes.byteLength;
  }
}
