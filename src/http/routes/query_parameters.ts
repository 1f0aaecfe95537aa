/**
 * Query parameters, as schemas that both validate them and describe them in OpenAPI.
 *
 * @module
 */
import * as v from "valibot";

/** Balancers that need no measurements of requests, which a lookup cannot give. */
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
      v.description("Only endpoints with this tag. Repeat it to require several tags."),
    ),
  ),
  zone: v.optional(text("Only endpoints in this zone.")),
  version: v.optional(text("Only endpoints whose metadata has this `version`.")),
  meta: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(767), v.regex(/^[^:]+:/))),
      v.maxLength(16),
      v.description(
        "Only endpoints with this metadata, as `key:value`. Repeat it for several keys.",
      ),
    ),
  ),
  port: v.optional(text("Only endpoints with a port of this name, at that port.")),
};

/** Query of the list of a service. */
export const ListQuery = v.object({
  ...filters,
  index: v.optional(v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,15}$/),
    v.description("Respond only when the list has another index, or when `wait` has passed."),
  )),
  wait: v.optional(v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,6}(ms|s|m)$/),
    v.description("Maximum wait with `index`: at most `10m`. Default: `5m`."),
  )),
});

/** Query of the next endpoint. */
export const PickQuery = v.object({
  ...filters,
  key: v.optional(text("Equal keys get the same endpoint; implies `balancer=hash`.")),
  balancer: v.optional(v.pipe(
    v.picklist(LOOKUP_BALANCERS),
    v.description("Balancing algorithm. Default: round robin, shared by all callers."),
  )),
});

/** Parameters that may be repeated; for any other one the schema rejects the list. */
const REPEATED = ["tag", "meta"];

/** A query parameter has an invalid value. */
export class ParameterError extends Error {
  override readonly name: "ParameterError" = "ParameterError";
  /** Every invalid parameter and what is wrong with it. */
  readonly errors: readonly { readonly parameter: string; readonly detail: string }[];

  /**
   * Creates an error.
   *
   * @param errors Every invalid parameter.
   */
  constructor(errors: ParameterError["errors"]) {
    super(`Cannot use the query: ${errors.map(({ detail }) => detail).join("; ")}`);
    this.errors = errors;
  }
}

/**
 * Reads the query of a URL. Parameters that the schema does not name are ignored.
 *
 * @param schema The parameters.
 * @param url The URL.
 * @returns The values.
 * @throws {ParameterError} when a value does not match the schema.
 */
export function parseQuery<T extends v.ObjectEntries>(
  schema: v.ObjectSchema<T, undefined>,
  url: string,
): v.InferOutput<v.ObjectSchema<T, undefined>> {
  const params = new URL(url).searchParams;
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(schema.entries)) {
    const values = params.getAll(name);
    if (values.length === 0) continue;
    given[name] = REPEATED.includes(name) || values.length > 1 ? values : values[0];
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
 * Parses a duration that {@linkcode ListQuery} has accepted.
 *
 * @param wait A duration such as `30s`. @default {"5m", as in Consul}
 * @returns Milliseconds, at most 10 minutes, which is Consul's limit.
 */
export function parseWait(wait: string = "5m"): number {
  const [, amount, unit] = /^([0-9]+)(.+)$/.exec(wait)!;
  return Math.min(Number(amount) * UNITS[unit!]!, LONGEST_WAIT_MS);
}
