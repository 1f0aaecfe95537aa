/**
 * Options of the chaos programs.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";

/**
 * Reads numbers given as `--name value`.
 *
 * @param defaults Every option with its default.
 * @returns The options.
 * @throws {RangeError} when one is not a number.
 */
export function numberOptions<T extends Record<string, number>>(defaults: T): T {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      { type: "string" as const, default: String(value) },
    ]),
  );
  const { values } = parseArgs({ args: process.argv.slice(2), options });
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const number = Number(value);
      if (!Number.isFinite(number)) {
        throw new RangeError(`Cannot run: --${name} must be a number, received ${value}`);
      }
      return [name, number];
    }),
  ) as T;
}
