/**
 * Every operation of the service in one place: the routes take their paths from here, the OpenAPI
 * document its descriptions.
 *
 * @module
 */
import type { GenericSchema } from "valibot";
import { ListQuery, PickQuery } from "./query_parameters.ts";
import * as bodies from "./response_schemas.ts";

/** One kind of response. */
export interface ResponseDescription {
  /** When it is sent. */
  readonly description: string;
  /** Media type of the body. @default {"application/json" with a schema} */
  readonly type?: string;
  /** Schema of the body. */
  readonly schema?: GenericSchema;
}

/** One operation. */
export interface Operation {
  /** HTTP method. `GET` includes `HEAD`. */
  readonly method: "GET" | "POST";
  /** Path in Hono's syntax. */
  readonly path: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Details. */
  readonly description?: string;
  /** Query parameters. */
  readonly query?: typeof ListQuery | typeof PickQuery;
  /** Responses by status, without the errors that every operation can have. */
  readonly responses: Readonly<Record<number, ResponseDescription>>;
}

const problem = (description: string): ResponseDescription => ({
  description,
  type: "application/problem+json",
  schema: bodies.ProblemBody,
});
const unknown = problem("The service is not watched.");
const none = problem(
  "The service has no endpoint at the moment: `detail` and `instances` say why, `Retry-After` when " +
    "to try again.",
);
const badQuery = problem("A query parameter has an invalid value.");
const unchanged: ResponseDescription = { description: "`If-None-Match` has its entity tag." };
const noEvents = problem("The service runs on demand and does not follow changes.");
const events: ResponseDescription = {
  description: "Events until the client disconnects.",
  type: "text/event-stream",
};

/** All operations by name. */
export const OPERATIONS = {
  services: {
    method: "GET",
    path: "/v1/services",
    summary: "List every watched service",
    responses: {
      200: {
        description: "The services, in the order of the configuration.",
        schema: bodies.ServicesBody,
      },
      304: unchanged,
    },
  },
  service: {
    method: "GET",
    path: "/v1/services/:name",
    summary: "List the endpoints of a service",
    description:
      "With `index`, the index of an earlier response, the request waits until the list has changed, " +
      "like a blocking query of Consul. The index is in the body and in the header `Piloted-Index`.",
    query: ListQuery,
    responses: {
      200: { description: "Its endpoints and how fresh they are.", schema: bodies.ServiceBody },
      304: unchanged,
      400: badQuery,
      404: unknown,
      501: problem("The service runs on demand, where `index` is not supported."),
    },
  },
  endpoint: {
    method: "GET",
    path: "/v1/services/:name/endpoint",
    summary: "Pick the next endpoint of a service",
    description:
      "All requests without parameters share one rotation; so do requests with equal parameters.",
    query: PickQuery,
    responses: {
      200: { description: "A healthy endpoint.", schema: bodies.EndpointBody },
      400: badQuery,
      404: problem("The service is not watched, or none of its endpoints matches the filter."),
      503: none,
    },
  },
  redirect: {
    method: "GET",
    path: "/v1/services/:name/redirect/*",
    summary: "Redirect to the next endpoint of a service",
    description:
      "The rest of the path and the query stay. The scheme is `http`, or `https` where the metadata " +
      'of the endpoint has `scheme: "https"`.',
    responses: {
      307: { description: "`Location` is a URL of an endpoint." },
      404: unknown,
      502: problem("The endpoint's address in the registry is not valid in a URL."),
      503: none,
    },
  },
  serviceEvents: {
    method: "GET",
    path: "/v1/services/:name/events",
    summary: "Stream the changes of a service as server-sent events",
    description:
      "Starts with `snapshot`, or after the event of `Last-Event-ID`. Then follow `change`, `status`, " +
      "`balance` and `refresh` as they happen, and `closing` when the server stops.",
    responses: { 200: events, 404: unknown, 501: noEvents },
  },
  events: {
    method: "GET",
    path: "/v1/events",
    summary: "Stream the changes of all services as server-sent events",
    description:
      "The same events as for one service. With `service`, repeated for several services or `*` for " +
      "all, the stream is the one that another Piloted reads: `hello` with the version of the format, " +
      "`list` with all endpoints of each service, then `change` and `state`.",
    responses: { 200: events, 501: noEvents },
  },
  refresh: {
    method: "POST",
    path: "/v1/refresh",
    summary: "Read every service again",
    description: "The same as SIGHUP. The response is sent when the registry has responded.",
    responses: {
      200: { description: "All services after the refresh.", schema: bodies.ServicesBody },
      403: problem("The request comes from a page of another origin."),
      503: problem("The client was closed."),
    },
  },
  status: {
    method: "GET",
    path: "/v1/status",
    summary: "Show state, watches and balancing of every service",
    responses: { 200: { description: "The whole client.", schema: bodies.StatusBody } },
  },
  live: {
    method: "GET",
    path: "/health/live",
    summary: "Liveness: whether the process runs",
    responses: { 200: { description: "It runs.", schema: bodies.LiveBody } },
  },
  ready: {
    method: "GET",
    path: "/health/ready",
    summary: "Readiness: whether every lookup can be answered",
    responses: {
      200: { description: "Every watched service has a list.", schema: bodies.ReadyBody },
      503: problem("Not yet: `waiting` lists the services without a list."),
    },
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Metrics for Prometheus",
    responses: {
      200: { description: "Prometheus' text format.", type: "text/plain" },
    },
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This document",
    responses: { 200: { description: "OpenAPI 3.1.", type: "application/json" } },
  },
} as const satisfies Record<string, Operation>;
