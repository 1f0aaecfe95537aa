/**
 * What a chaos run has found.
 *
 * @module
 */
import process from "node:process";

/** Collects figures and prints them against their bounds. */
export class Report {
  readonly #lines: string[] = [];
  readonly #broken: string[] = [];

  /** Bounds that must hold on every machine, and were broken. */
  get broken(): readonly string[] {
    return this.#broken;
  }

  /** A figure without a bound, or with one that a busy machine may miss. */
  figure(what: string, value: string, bound = ""): void {
    this.#add(what, value, bound);
  }

  /** A figure whose bound holds however busy the machine is. */
  bound(what: string, value: string, bound: string, holds: boolean): void {
    this.#add(what, value, holds ? bound : `${bound}  BROKEN`);
    if (!holds) this.#broken.push(`${what}: ${value}, ${bound}`);
  }

  toString(): string {
    return this.#lines.join("\n");
  }

  /** Prints everything; the process exits with 1 when a bound was broken. */
  print(): void {
    console.log(this.toString());
    if (this.#broken.length > 0) process.exitCode = 1;
  }

  #add(what: string, value: string, bound: string): void {
    this.#lines.push(`${what.padEnd(44)} ${value.padStart(14)}  ${bound}`.trimEnd());
  }
}
