/**
 * Decodes JSON bodies as strictly as Consul: names in any case, unknown fields are rejected.
 *
 * @module
 */
import { parseGoDuration } from "../go_duration.ts";
import { Refusal } from "./refusal.ts";

/** Decodes one JSON value; `field` is its name in Go, for the error message. */
export type Decode<T> = (value: unknown, field: string) => T;

/** Decoders of the fields of an object, by their names in Go. */
export type Fields<T> = { readonly [K in keyof T]-?: Decode<T[K]> };

/**
 * Reads and decodes the body of a request.
 *
 * @param request The request.
 * @param decode Decoder of the body.
 * @param prefix Start of the error text.
 * @returns The decoded body.
 * @throws {Refusal} 400 when it is not JSON or does not have the expected types.
 */
export async function decodeBody<T>(
  request: Request,
  decode: Decode<T>,
  prefix = "Request decode failed: ",
): Promise<T> {
  const text = await request.text();
  try {
    if (text.trim() === "") refuse("EOF");
    return decode(parse(text), "");
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Refusal(400, `${prefix}${error.message}`);
  }
}

class DecodeError extends Error {}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    refuse((error as Error).message);
  }
}

/**
 * Creates a decoder of objects. Missing and `null` fields are left out. `_` in a name is ignored, so
 * `deregister_critical_service_after` is the same as `DeregisterCriticalServiceAfter`.
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

/** Decodes a duration to milliseconds: text in Go's syntax, or a number of nanoseconds. */
export const duration: Decode<number> = (value, field) => {
  if (typeof value === "number") return value / 1e6;
  const text = string(value, field);
  const ms = text === "" ? 0 : parseGoDuration(text);
  return ms ?? refuse(`time: invalid duration ${JSON.stringify(text)}`);
};

/** Accepts anything: for fields that Consul knows and the embedded one does not need. */
export const ignored: Decode<unknown> = (value) => value;

/**
 * Creates a decoder of arrays.
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
 * Creates a decoder of objects with arbitrary keys.
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
  throw new DecodeError(why);
}
