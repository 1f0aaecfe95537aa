/**
 * Response bodies as schemas: they describe the service in OpenAPI, and the tests validate every
 * response against them.
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
    host: text("`address:port`, with IPv6 in brackets."),
    ports: v.pipe(
      v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
      v.description("Every port by its name; empty where ports have no names."),
    ),
    node: text("Name of the node that the instance runs on."),
    datacenter: text("Datacenter of the node."),
    tags: v.array(v.string()),
    meta: v.record(v.string(), v.string()),
    weight: count("Weight for its current status."),
    status: v.picklist(["passing", "warning", "critical", "maintenance"]),
    zone: text("Zone from the locality or the metadata; empty without one."),
    peer: v.optional(text("Cluster peer that exports the instance; absent for the own cluster.")),
  }),
  v.description("One address of a service, with what the registry says about it."),
);

const State = v.pipe(
  v.picklist(["pending", "live", "unconfirmed", "stale", "denied", "restored", "closed"]),
  v.description("State of the list; `live` means that it is the registry's last response."),
);

const summary = {
  service: text("Name of the service."),
  state: State,
  endpointCount: count("Number of endpoints that can be picked."),
  ageMs: v.optional(milliseconds("Milliseconds since the registry last confirmed the list.")),
  reason: v.optional(text("Why the list is not `live`.")),
  failover: v.optional(
    text("Datacenter, or `peer:` and a peer, whose endpoints replace those of the own one."),
  ),
};

/** One entry of the list of services. */
export const SummaryBody = v.strictObject(summary);

/** Every watched service. */
export const ServicesBody = v.strictObject({ services: v.array(SummaryBody) });

/** How many instances there are. */
export const InstancesBody = v.pipe(
  v.strictObject({
    listed: count("Instances in the registry, whatever their status."),
    passing: count("All checks pass."),
    warning: count("A check warns, none is critical."),
    critical: count("A check is critical."),
    maintenance: count("In maintenance mode."),
    skipped: count("Unusable, such as those without a port."),
  }),
  v.description("Instances in the registry by status, whether they can be picked or not."),
);

/** One watch of a service. */
export const WatchBody = v.strictObject({
  tag: v.optional(text("Tag of the watch.")),
  datacenter: v.optional(text("Datacenter of the watch; absent for the agent's own.")),
  port: v.optional(text("Port that the watch names.")),
  address: v.optional(text("Tagged address that the watch names.")),
  peer: v.optional(text("Cluster peer of the watch.")),
  namespace: v.optional(text("Namespace of the watch.")),
  partition: v.optional(text("Admin partition of the watch.")),
  samenessGroup: v.optional(text("Sameness group of the watch.")),
  filter: v.optional(text("Filter expression of the watch.")),
  state: State,
  endpointCount: count("Number of its endpoints that can be picked."),
  instanceCounts: InstancesBody,
  skippedReasons: v.pipe(
    v.array(v.string()),
    v.description("Why instances were skipped: the first few reasons."),
  ),
  position: v.optional(text("Position of the list in the registry: Consul's index.")),
  confirmedAt: v.optional(
    milliseconds("When the registry last confirmed the list, in ms since the Unix epoch."),
  ),
  ageMs: v.optional(milliseconds("Milliseconds since `confirmedAt`.")),
  changedAt: v.optional(milliseconds("When the list last changed, in ms since the Unix epoch.")),
  reason: v.optional(text("Why the list is not `live`.")),
  error: v.optional(v.strictObject({ code: v.string(), message: v.string() })),
  failureCount: count("Failures since the last success."),
  nextAttemptAt: v.optional(
    milliseconds("When the next query is sent, in ms since the Unix epoch, after a failure."),
  ),
  freshness: v.pipe(
    v.strictObject({
      lastContactMs: v.optional(v.number()),
      knownLeader: v.optional(v.boolean()),
      cache: v.optional(v.picklist(["hit", "miss"])),
      ageMs: v.optional(v.number()),
      backend: v.optional(v.picklist(["streaming", "blocking-query"])),
    }),
    v.description("What the registry said about the age of its last response."),
  ),
});

const facts = {
  balance: v.pipe(
    v.strictObject({
      picker: text("Algorithm of lookups."),
      leaser: text("Algorithm of requests that this process sends itself."),
      pendingCount: count("Requests of this process in flight."),
      ejectedCount: count("Endpoints that are ejected because requests to them failed."),
      panic: v.pipe(
        v.boolean(),
        v.description("Whether so few endpoints are left that ejections are ignored."),
      ),
      localShare: v.optional(
        v.pipe(v.number(), v.description("Share of picks in the own zone, 0 to 1.")),
      ),
    }),
    v.description("How endpoints are picked."),
  ),
  watches: v.array(WatchBody),
};

/** One service: its endpoints and how fresh they are. */
export const ServiceBody = v.strictObject({
  ...summary,
  ...facts,
  index: count("Index of this list, for `?index=`: it only grows."),
  endpoints: v.pipe(
    v.array(EndpointBody),
    v.description("The endpoints that match `tag` and `zone`; `endpointCount` counts all."),
  ),
});

/** One registration of this process. */
export const RegistrationBody = v.strictObject({
  service: text("Name of the service."),
  id: text("Id of the instance, unique on its agent."),
  address: text("Registered address; empty for the agent's own."),
  port: count("Registered port."),
  state: v.picklist([
    "pending",
    "registered",
    "lost",
    "denied",
    "misrouted",
    "stopping",
    "closed",
  ]),
  health: v.picklist(["passing", "warning", "critical"]),
  listed: v.pipe(v.boolean(), v.description("Whether the catalog was seen to list it.")),
  maintenance: v.optional(text("Why this process has put it into maintenance.")),
  node: v.optional(text("Name of the agent's node.")),
  confirmedAt: v.optional(v.pipe(
    v.number(),
    v.description("When the agent last accepted it, in milliseconds since the Unix epoch."),
  )),
  reregistrationCount: count("How often it was registered again."),
  failureCount: count("Failures in a row."),
  missedTtlCount: count("How many TTLs expired between two heartbeats."),
  missedTtl: v.optional(text("Why the last of them expired: who was late.")),
  reason: v.optional(text("Why it is not registered.")),
});

/** The whole client. */
export const StatusBody = v.strictObject({
  state: v.picklist(["idle", "starting", "ready", "closed"]),
  registry: v.optional(text("Address of the registry, without credentials.")),
  refreshing: v.pipe(v.boolean(), v.description("Whether a refresh is running.")),
  services: v.array(v.strictObject({ ...summary, ...facts })),
  registrations: v.pipe(
    v.array(RegistrationBody),
    v.description("What this process has registered."),
  ),
});

/** The process runs. */
export const LiveBody = v.strictObject({ status: v.literal("live") });

/** Lookups can be answered. */
export const ReadyBody = v.strictObject({ status: v.literal("ready") });

/** Any error (RFC 9457). */
export const ProblemBody = v.pipe(
  v.looseObject({
    type: text("Always `about:blank`: the status says which kind of problem it is."),
    title: v.string(),
    status: v.pipe(v.number(), v.integer()),
    detail: text("What is wrong with this request."),
    code: v.optional(text("`code` of the PilotedError behind it.")),
    service: v.optional(text("Name of the service.")),
    instances: v.optional(InstancesBody),
    waiting: v.optional(v.pipe(
      v.array(v.looseObject({ service: v.string(), state: State })),
      v.description("Services without a list so far."),
    )),
    errors: v.optional(v.array(v.strictObject({ parameter: v.string(), detail: v.string() }))),
  }),
  v.description("Problem details (RFC 9457)."),
);
