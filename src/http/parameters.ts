/**
 * What callers may say in the query of a URL, as schemas that check it and describe it.
 *
 * @module
 */
import * as v from "valibot";

/** Balancers that make sense for somebody who only looks up: those that need no measurements. */
export const LOOKUP_BALANCERS = ["round-robin", "weighted-round-robin", "random", "hash"] as const;

/** One of {@linkcode LOOKUP_BALANCERS}. */
export type LookupBalancer = typeof LOOKUP_BALANCERS[number];

const text = (description: string) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(255), v.description(description));

const filters = {
  tag: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
      v.maxLength(16),
      v.description("Only endpoints that carry this tag. Several tags must all be there."),
    ),
  ),
  zone: v.optional(text("Only endpoints in this zone.")),
};

/** Query of the list of a service. */
export const ListQuery = v.object({
  ...filters,
  index: v.optional(v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,15}$/),
    v.description("Answer only when the index has moved on from this one, or `wait` is over."),
  )),
  wait: v.optional(v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,6}(ms|s|m)$/),
    v.description("How long to wait with `index`: at most `10m`. Default: `5m`."),
  )),
});

/** Query of the next endpoint. */
export const PickQuery = v.object({
  ...filters,
  key: v.optional(text("Equal keys get the same endpoint; means `balancer=hash`.")),
  balancer: v.optional(v.pipe(
    v.picklist(LOOKUP_BALANCERS),
    v.description("Who picks. Default: the rotation that all callers share."),
  )),
});

/** Something in the query that can't be used. */
export class ParameterError extends Error {
  override readonly name: "ParameterError" = "ParameterError";
  /** What is wrong with which parameter. */
  readonly errors: readonly { readonly parameter: string; readonly detail: string }[];

  /** Makes one of what the schema found. */
  constructor(errors: ParameterError["errors"]) {
    super(`Cannot use the query: ${errors.map(({ detail }) => detail).join("; ")}`);
    this.errors = errors;
  }
}

/**
 * Reads the query of a URL. Parameters that the schema does not name are left alone.
 *
 * @param schema What is expected.
 * @param url The URL.
 * @returns What was given.
 * @throws {ParameterError} when a parameter has a value that the schema refuses.
 */
export function parseQuery<T extends v.ObjectEntries>(
  schema: v.ObjectSchema<T, undefined>,
  url: string,
): v.InferOutput<v.ObjectSchema<T, undefined>> {
  const params = new URL(url).searchParams;
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(schema.entries)) {
    const values = params.getAll(name);
    // Only tags may be given more than once; for anything else the schema refuses the list.
    if (values.length > 0) given[name] = name === "tag" || values.length > 1 ? values : values[0];
  }
  const result = v.safeParse(schema, given);
  if (result.success) return result.output;
  throw new ParameterError(result.issues.map((issue) => {
    const parameter = String(issue.path?.[0]?.key);
    return { parameter, detail: `${parameter}: ${issue.message}` };
  }));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const LONGEST_WAIT_MS = 600_000;

/**
 * Reads a duration that {@linkcode ListQuery} has let through.
 *
 * @param wait Such as `30s`; nothing for Consul's default of 5 minutes.
 * @returns Milliseconds, at most 10 minutes, as Consul has it.
 */
export function parseWait(wait: string = "5m"): number {
  const [, amount, unit] = /^([0-9]+)(.+)$/.exec(wait)!;
  return Math.min(Number(amount) * UNITS[unit!]!, LONGEST_WAIT_MS);
}
