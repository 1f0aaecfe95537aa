/**
 * Decoding of JSON bodies with the strictness of Consul: names in any case, unknown ones refused.
 *
 * @module
 */
import { parseGoDuration } from "./go_duration.ts";
import { Refusal } from "./refusal.ts";

/** Turns one JSON value into ours; `field` is its name in Go, for the refusal. */
export type Decode<T> = (value: unknown, field: string) => T;

/** A decoder for every field that an object may have, by its name in Go. */
export type Fields<T> = { readonly [K in keyof T]-?: Decode<T[K]> };

/**
 * Reads the body of a request.
 *
 * @param request The request.
 * @param decode Decoder of the whole.
 * @returns What it decodes to.
 * @throws {Refusal} 400 when it is not JSON or not what is expected.
 */
export async function decodeBody<T>(request: Request, decode: Decode<T>): Promise<T> {
  const text = await request.text();
  if (text.trim() === "") refuse("EOF");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse((error as Error).message);
  }
  return decode(value, "");
}

/**
 * A decoder of objects. A field that is missing or `null` is left out; `_` in a name is ignored,
 * so that `deregister_critical_service_after` means the same as `DeregisterCriticalServiceAfter`.
 *
 * @param fields Decoders of its fields.
 * @returns The decoder.
 */
export function object<T extends object>(fields: Fields<T>): Decode<Partial<T>> {
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      mismatch(value, path, "object");
    }
    const result: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      const name = names.get(key.toLowerCase()) ?? names.get(key.replaceAll("_", "").toLowerCase());
      if (name === undefined) refuse(`json: unknown field "${key}"`);
      if (entry === null) continue;
      result[name] = fields[name as keyof T](entry, `${path}.${name}`);
    }
    return result as Partial<T>;
  };
}

/** Decodes a string. */
export const string: Decode<string> = (value, field) =>
  typeof value === "string" ? value : mismatch(value, field, "string");

/** Decodes a boolean. */
export const boolean: Decode<boolean> = (value, field) =>
  typeof value === "boolean" ? value : mismatch(value, field, "bool");

/** Decodes an integer. */
export const integer: Decode<number> = (value, field) =>
  Number.isSafeInteger(value) ? value as number : mismatch(value, field, "int");

/** Decodes a duration to milliseconds: Go's text, or a number of nanoseconds. */
export const duration: Decode<number> = (value, field) => {
  if (typeof value === "number") return value / 1e6;
  const text = string(value, field);
  const ms = text === "" ? 0 : parseGoDuration(text);
  return ms ?? refuse(`time: invalid duration ${JSON.stringify(text)}`);
};

/** Takes anything: for what Consul knows and this does not need. */
export const ignored: Decode<unknown> = (value) => value;

/**
 * A decoder of arrays.
 *
 * @param item Decoder of an item.
 * @returns The decoder.
 */
export function arrayOf<T>(item: Decode<T>): Decode<T[]> {
  return (value, field) =>
    Array.isArray(value)
      ? value.map((entry) => item(entry, field))
      : mismatch(value, field, "[]string");
}

/**
 * A decoder of objects with any keys.
 *
 * @param item Decoder of a value.
 * @returns The decoder.
 */
export function mapOf<T>(item: Decode<T>): Decode<Record<string, T>> {
  return (value, field) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      mismatch(value, field, "map[string]string");
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, item(entry, field)]),
    );
  };
}

function mismatch(value: unknown, field: string, type: string): never {
  const received = Array.isArray(value)
    ? "array"
    : typeof value === "boolean"
    ? "bool"
    : typeof value;
  refuse(`json: cannot unmarshal ${received} into Go struct field ${field} of type ${type}`);
}

function refuse(why: string): never {
  throw new Refusal(400, `Request decode failed: ${why}`);
}
