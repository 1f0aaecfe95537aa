/**
 * ContainerPilot's forgiving reading of values: a number may be written as a string, a flag as a
 * number, a list of one as its item, and the case of keys does not matter. The rules are those of
 * `mapstructure` with `WeaklyTypedInput`, which ContainerPilot decodes its file with.
 *
 * @module
 */
import { parseGoBoolean } from "../go_boolean.ts";
import { ConfigFault, type Path } from "./config_fault.ts";

/** A value of the document and the way to it. */
export interface Entry {
  /** The value. */
  readonly value: unknown;
  /** Keys and indexes that lead to it. */
  readonly path: Path;
}

/** The members of an object, divided into those with the given names and the others. */
export interface Fields<Name extends string> {
  /** One entry per name; `undefined` values for what is absent. */
  readonly known: Readonly<Record<Name, Entry>>;
  /** Paths of the members with other names. */
  readonly unknown: readonly Path[];
}

/**
 * Whether a value is an object with members.
 *
 * @param value Any value.
 * @returns False for lists, `null` and everything else.
 */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Looks up members by name: the exact name first, else one that differs in case only.
 *
 * @param entry The object.
 * @param names The names, in lower or camel case.
 * @returns The members.
 * @throws {ConfigFault} when it is not an object.
 */
export function readFields<Name extends string>(
  entry: Entry,
  names: readonly Name[],
): Fields<Name> {
  const { value, path } = entry;
  if (!isObject(value)) throw new ConfigFault(entry, "must be an object", value);
  const keys = new Set(Object.keys(value));
  const known = {} as Record<Name, Entry>;
  for (const name of names) {
    const key = keys.has(name) ? name : findFolded(keys, name);
    if (key !== undefined) keys.delete(key);
    known[name] = {
      value: key === undefined ? undefined : value[key],
      path: [...path, key ?? name],
    };
  }
  return { known, unknown: [...keys].map((key) => [...path, key]) };
}

function findFolded(keys: Set<string>, name: string): string | undefined {
  if (keys.size === 0) return undefined;
  // "i" with "u" folds case as Go's strings.EqualFold does.
  const folded = new RegExp(`^${name}$`, "iu");
  return [...keys].find((key) => folded.test(key));
}

/**
 * Reads a string.
 *
 * @param entry A string, number, boolean, or nothing.
 * @returns The string; `""` for nothing, `"1"` and `"0"` for true and false.
 * @throws {ConfigFault} when it is a list or an object.
 */
export function decodeString(entry: Entry): string {
  const { value } = entry;
  if (value === undefined || value === null) return "";
  // Go's strings are UTF-8, where half of a surrogate pair becomes U+FFFD.
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number") return formatNumber(value);
  throw new ConfigFault(entry, "must be a string", value);
}

/**
 * Reads a whole number.
 *
 * @param entry A number (its fraction is cut off), a string with a Go integer, a boolean, or nothing.
 * @param problem What to say of anything else.
 * @returns The number; 0 for nothing and for `""`, `NaN` where Go's 64 bits would overflow.
 * @throws {ConfigFault} when it is anything else.
 */
export function decodeInteger(entry: Entry, problem: string): number {
  const { value } = entry;
  if (value === undefined || value === null || value === "") return 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  const number = typeof value === "number" ? Math.trunc(value) : parseInteger(value);
  if (number === undefined) throw new ConfigFault(entry, problem, value);
  return Math.abs(number) < 2 ** 63 ? number : NaN;
}

/**
 * Reads a flag.
 *
 * @param entry A boolean, a number (anything but 0 is true), a string that Go accepts, or nothing.
 * @returns The flag; `undefined` for nothing and for `""`.
 * @throws {ConfigFault} when it is anything else.
 */
export function decodeBoolean(entry: Entry): boolean | undefined {
  const { value } = entry;
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  const flag = typeof value === "string" ? parseGoBoolean(value) : undefined;
  if (flag === undefined) throw new ConfigFault(entry, "must be true or false", value);
  return flag;
}

/**
 * Reads a list of strings.
 *
 * @param entry A list, one item without the list, or nothing.
 * @returns The strings.
 * @throws {ConfigFault} when an item is a list or an object.
 */
export function decodeStrings(entry: Entry): string[] {
  const { value, path } = entry;
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [decodeString(entry)];
  return value.map((item, index) => decodeString({ value: item, path: [...path, index] }));
}

// The integer literals of Go's strconv.ParseInt with base 0. A "_" may stand between digits.
const INTEGER =
  /^([+-]?)(?:0[xX]((?:_?[0-9a-fA-F])+)|0[bB]((?:_?[01])+)|0[oO]?((?:_?[0-7])+)|([1-9](?:_?[0-9])*|0))$/;

function parseInteger(value: unknown): number | undefined {
  const match = typeof value === "string" ? INTEGER.exec(value) : null;
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const [digits, base] = hex !== undefined
    ? [hex, 16]
    : binary !== undefined
    ? [binary, 2]
    : octal !== undefined
    ? [octal, 8]
    : [decimal!, 10];
  const size = parseInt(digits.replaceAll("_", ""), base);
  return sign === "-" ? -size : size;
}

// Go's strconv.FormatFloat(value, 'f', -1, 64): the shortest decimal digits, never an exponent.
function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e") as [string, string];
  const digits = mantissa.replace(".", "");
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0${digits === "0" ? "" : `.${"0".repeat(-point)}${digits}`}`;
  if (point >= digits.length) return `${sign}${digits}${"0".repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
