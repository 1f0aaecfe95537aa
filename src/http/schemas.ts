/**
 * What the answers look like, as schemas: they describe the service in OpenAPI, and the tests hold
 * every answer to them.
 *
 * @module
 */
import * as v from "valibot";

const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));
const text = (description: string) => v.pipe(v.string(), v.description(description));
const milliseconds = (description: string) => v.pipe(v.number(), v.description(description));

/** One endpoint. */
export const EndpointBody = v.pipe(
  v.strictObject({
    service: text("Name of the service."),
    id: text("Id of this instance, unique on its node."),
    address: text("IP address or host name, without brackets."),
    port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
    host: text("`address:port`, IPv6 in brackets."),
    node: text("Name of the node that it runs on."),
    datacenter: text("Datacenter that it was found in."),
    tags: v.array(v.string()),
    meta: v.record(v.string(), v.string()),
    weight: count("Weight for its present status."),
    status: v.picklist(["passing", "warning", "critical", "maintenance"]),
    zone: text("Zone from the metadata; empty where there is none."),
  }),
  v.description("One address of a service and what the registry says of it."),
);

const State = v.pipe(
  v.picklist(["pending", "live", "unconfirmed", "stale", "denied", "restored", "closed"]),
  v.description("How the list stands; `live` means that it is the registry's last answer."),
);

const summary = {
  service: text("Name of the service."),
  state: State,
  ageMs: v.optional(milliseconds("Milliseconds since the registry last confirmed the list.")),
  reason: v.optional(text("Why the list is not fresher.")),
  failover: v.optional(text("The datacenter that stands in for the own one.")),
};

/** One line of the list of services. */
export const SummaryBody = v.strictObject({
  ...summary,
  endpoints: count("How many endpoints may be handed out."),
});

/** Every watched service. */
export const ServicesBody = v.strictObject({ services: v.array(SummaryBody) });

/** One watch of a service. */
export const WatchBody = v.strictObject({
  tag: v.optional(v.string()),
  datacenter: v.optional(v.string()),
  state: State,
  endpoints: count("How many of its endpoints may be handed out."),
  statuses: v.pipe(
    v.strictObject({
      passing: v.number(),
      warning: v.number(),
      critical: v.number(),
      maintenance: v.number(),
    }),
    v.description("How many instances the registry lists by status."),
  ),
  index: text("The registry's index of the list."),
  confirmedAt: v.optional(milliseconds("When the registry last confirmed it, since the epoch.")),
  ageMs: v.optional(milliseconds("Milliseconds since then.")),
  changedAt: v.optional(milliseconds("When the list last changed, since the epoch.")),
  reason: v.optional(v.string()),
  error: v.optional(v.strictObject({ code: v.string(), message: v.string() })),
  failures: count("Failures in a row."),
  nextAttemptAt: v.optional(milliseconds("When the registry is asked again, since the epoch.")),
  freshness: v.pipe(
    v.strictObject({
      lastContactMs: v.optional(v.number()),
      knownLeader: v.optional(v.boolean()),
      cache: v.optional(v.picklist(["hit", "miss"])),
      ageMs: v.optional(v.number()),
    }),
    v.description("What the registry says of the age of its last answer."),
  ),
});

const facts = {
  balance: v.pipe(
    v.strictObject({
      picker: text("Algorithm of lookups."),
      leaser: text("Algorithm of requests that this process itself sends."),
      pendingCount: count("Requests of this process under way."),
      ejectedCount: count("How many endpoints are left out for their failures."),
      panic: v.pipe(v.boolean(), v.description("Whether so few are left that none is left out.")),
      localShare: v.optional(v.pipe(v.number(), v.description("Part that stays in the own zone."))),
    }),
    v.description("How endpoints are chosen."),
  ),
  watches: v.array(WatchBody),
};

/** One service: its endpoints and how fresh they are. */
export const ServiceBody = v.strictObject({
  ...summary,
  ...facts,
  index: count("Version of this list, for `?index=`: it only grows."),
  endpoints: v.array(EndpointBody),
});

/** Everything that is known about the client. */
export const StatusBody = v.strictObject({
  state: v.picklist(["idle", "starting", "ready", "closed"]),
  registry: v.optional(text("Address of the registry, without credentials.")),
  refreshing: v.boolean(),
  services: v.array(v.strictObject({ ...summary, ...facts, endpoints: v.number() })),
});

/** The process lives. */
export const LiveBody = v.strictObject({ status: v.literal("live") });

/** Lookups can be answered. */
export const ReadyBody = v.strictObject({ status: v.literal("ready") });

/** Any error, as RFC 9457 has it. */
export const ProblemBody = v.pipe(
  v.looseObject({
    type: text("Always `about:blank`: the status says what kind of problem it is."),
    title: v.string(),
    status: v.pipe(v.number(), v.integer()),
    detail: text("What is wrong with this request."),
    code: v.optional(text("The `code` of the PilotedError behind it.")),
    service: v.optional(v.string()),
    waiting: v.optional(v.pipe(
      v.array(v.looseObject({ service: v.string(), state: State })),
      v.description("Services that the registry has not answered for."),
    )),
    errors: v.optional(v.array(v.strictObject({ parameter: v.string(), detail: v.string() }))),
  }),
  v.description("Problem details (RFC 9457)."),
);
