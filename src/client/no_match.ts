/**
 * Why no endpoint matches a filter.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { TrafficSplit } from "../balance/split.ts";
import type { Endpoint } from "../endpoint.ts";
import {
  describeFilter,
  describeValues,
  type EndpointFilter,
  matcherOf,
} from "../endpoint_filter.ts";
import { PilotedError } from "../errors.ts";

/**
 * The error of a pick whose filter or split matches no endpoint.
 *
 * @param service Name of the service.
 * @param endpoints Its endpoints.
 * @param options What was asked for.
 * @param split Shares by value of a key of the metadata.
 * @returns The error; `undefined` when nothing was filtered, or there are no endpoints at all.
 */
export function noMatch(
  service: string,
  endpoints: readonly Endpoint[],
  options: PickOptions | undefined,
  split: TrafficSplit | undefined,
): PilotedError | undefined {
  const { tags, zone, version, meta, exclude } = options ?? {};
  const filter: EndpointFilter = {
    ...(tags !== undefined && tags.length > 0 && { tags }),
    ...(zone !== undefined && { zone }),
    ...(version !== undefined && { version }),
    ...(meta !== undefined && { meta }),
  };
  const asked = describeFilter(filter);
  const shares = split === undefined ? [] : splitMatchers(split);
  if (endpoints.length === 0 || (asked === "" && shares.length === 0)) return undefined;
  const isInSplit = (endpoint: Endpoint) =>
    shares.length === 0 || shares.some((matches) => matches(endpoint));
  const matching = endpoints.filter(matcherOf(filter)).filter(isInSplit);
  const usable = matching.filter(({ status }) => status !== "maintenance");
  const what = [asked, split === undefined ? "" : describeSplit(split)].filter((text) =>
    text !== ""
  )
    .join(" and ");
  const why = matching.length === 0
    ? `none of its ${count(endpoints)} matches ${what}; ${values(filter, split, endpoints)}`
    : usable.length === 0
    ? `${count(matching)} of its ${endpoints.length} match ${what}, all in maintenance`
    : exclude === undefined
    ? undefined
    : `every endpoint that matches ${what} is excluded`;
  if (why === undefined) return undefined;
  const message = `Cannot pick an endpoint of ${JSON.stringify(service)}: ${why}`;
  return new PilotedError("NO_ENDPOINTS", message, {
    service,
    filter: asked === "" ? undefined : filter,
  });
}

function splitMatchers(split: TrafficSplit): ((endpoint: Endpoint) => boolean)[] {
  return Object.entries(split).flatMap(([key, weights]) =>
    Object.entries(weights).filter(([, weight]) => weight > 0)
      .map(([value]) => matcherOf({ meta: { [key]: value } }))
  );
}

function describeSplit(split: TrafficSplit): string {
  const [key, weights] = Object.entries(split)[0]!;
  const values = Object.keys(weights).filter((value) => weights[value]! > 0);
  return `the split by meta.${key} (${values.map((value) => JSON.stringify(value)).join(", ")})`;
}

function values(
  filter: EndpointFilter,
  split: TrafficSplit | undefined,
  endpoints: readonly Endpoint[],
): string {
  const keys = Object.keys(split ?? {}).filter((key) =>
    key !== "version" || filter.version === undefined
  );
  const ofSplit = Object.fromEntries(keys.map((key) => [key, ""]));
  return describeValues({ ...filter, meta: { ...ofSplit, ...filter.meta } }, endpoints);
}

function count(endpoints: readonly Endpoint[]): string {
  return endpoints.length === 1 ? "1 endpoint" : `${endpoints.length} endpoints`;
}
