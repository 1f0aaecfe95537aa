/** A source whose responses the test provides. */
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError, type PilotedErrorOptions } from "../../src/errors.ts";
import type { Query, Reading, ReadOptions, Source } from "../../src/source/source.ts";

/** One read that waits for its response. */
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

/** A source whose reads stay pending until the test responds. */
export class ScriptedSource implements Source {
  readonly name = "scripted";
  /** Every read so far, in order. */
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

  /** Resolves when at least this many reads are pending. */
  opened(count: number): Promise<void> {
    if (this.#open.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Pending reads. */
  get open(): readonly Question[] {
    return this.#open;
  }

  /** The oldest pending read. */
  get next(): Question {
    const question = this.#open[0];
    if (question === undefined) throw new Error("Nothing was asked");
    return question;
  }
}

/** Creates the error that the Consul source throws when there is no response. */
export function unreachable(options: PilotedErrorOptions = {}): PilotedError {
  return new PilotedError("REGISTRY_UNREACHABLE", "Cannot read service: no answer", options);
}
