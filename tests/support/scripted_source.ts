/** A source that answers what the test says, when the test says so. */
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError, type PilotedErrorOptions } from "../../src/errors.ts";
import type { Query, Reading, ReadOptions, Source } from "../../src/source/source.ts";

/** One question that waits for its answer. */
export interface Question {
  readonly query: Query;
  readonly options: ReadOptions;
  answer(
    endpoints: readonly Endpoint[],
    position?: number | string | undefined,
    extra?: Partial<Reading>,
  ): void;
  fail(error: unknown): void;
}

/** A source whose questions wait until the test answers them. */
export class ScriptedSource implements Source {
  readonly name = "scripted";
  /** Every question ever asked, in order. */
  readonly asked: Question[] = [];
  readonly #open: Question[] = [];
  readonly #waiting: { count: number; resolve(): void }[] = [];

  read(query: Query, options: ReadOptions = {}): Promise<Reading> {
    return new Promise((resolve, reject) => {
      const close = () => {
        const at = this.#open.indexOf(question);
        if (at >= 0) this.#open.splice(at, 1);
      };
      const question: Question = {
        query,
        options,
        answer(endpoints, position = 1, extra = {}) {
          close();
          const { skipped = [] } = extra;
          resolve({
            endpoints,
            position: String(position),
            freshness: {},
            skipped,
            skippedCount: skipped.length,
            ...extra,
          });
        },
        fail(error) {
          close();
          reject(error);
        },
      };
      options.signal?.addEventListener("abort", () => {
        close();
        reject(options.signal!.reason);
      }, { once: true });
      this.asked.push(question);
      this.#open.push(question);
      for (const { count, resolve } of this.#waiting) if (this.#open.length >= count) resolve();
    });
  }

  isBehind(position: string, known: string): boolean {
    return BigInt(position) < BigInt(known);
  }

  /** Resolves when that many questions wait for an answer. */
  opened(count: number): Promise<void> {
    if (this.#open.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Questions that wait for an answer. */
  get open(): readonly Question[] {
    return this.#open;
  }

  /** The oldest question that waits for an answer. */
  get next(): Question {
    const question = this.#open[0];
    if (question === undefined) throw new Error("Nothing was asked");
    return question;
  }
}

/** What the Consul source throws when nothing answers. */
export function unreachable(options: PilotedErrorOptions = {}): PilotedError {
  return new PilotedError("REGISTRY_UNREACHABLE", "Cannot read service: no answer", options);
}
