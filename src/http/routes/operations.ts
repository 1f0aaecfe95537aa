/**
 * Everything that can be asked of the service, in one place: the routes take their paths from here,
 * and the OpenAPI document its descriptions.
 *
 * @module
 */
import type { GenericSchema } from "valibot";
import { ListQuery, PickQuery } from "./query_parameters.ts";
import * as bodies from "./response_schemas.ts";

/** One kind of answer. */
export interface Answer {
  /** When it is given. */
  readonly description: string;
  /** Media type of the body. @default {"application/json" with a schema} */
  readonly type?: string;
  /** Its body. */
  readonly schema?: GenericSchema;
}

/** One thing that can be asked. */
export interface Operation {
  /** HTTP method. `GET` comes with `HEAD`. */
  readonly method: "GET" | "POST";
  /** Path in Hono's words. */
  readonly path: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What else there is to say. */
  readonly description?: string;
  /** Its query. */
  readonly query?: typeof ListQuery | typeof PickQuery;
  /** Answers besides the errors that any of them can have. */
  readonly answers: Readonly<Record<number, Answer>>;
}

const problem = (description: string): Answer => ({
  description,
  type: "application/problem+json",
  schema: bodies.ProblemBody,
});
const unknown = problem("The service is not watched.");
const none = problem("There is no endpoint at present; `Retry-After` says when to try again.");
const badQuery = problem("A parameter has a value that can't be used.");
const unchanged: Answer = { description: "It is what `If-None-Match` names." };
const noEvents = problem("This instance looks up on demand and learns of no event.");
const events: Answer = {
  description: "Events, until the client goes.",
  type: "text/event-stream",
};

/** All operations by name. */
export const OPERATIONS = {
  services: {
    method: "GET",
    path: "/v1/services",
    summary: "Every watched service",
    answers: {
      200: {
        description: "The services, in the configuration's order.",
        schema: bodies.ServicesBody,
      },
      304: unchanged,
    },
  },
  service: {
    method: "GET",
    path: "/v1/services/:name",
    summary: "All endpoints of a service",
    description:
      "With `index`, the index of an earlier answer, it waits until the list has changed, like a " +
      "blocking query of Consul. The index is in the body and in the header `Piloted-Index`.",
    query: ListQuery,
    answers: {
      200: { description: "Its endpoints and how fresh they are.", schema: bodies.ServiceBody },
      304: unchanged,
      400: badQuery,
      404: unknown,
    },
  },
  endpoint: {
    method: "GET",
    path: "/v1/services/:name/endpoint",
    summary: "The next endpoint of a service",
    description:
      "All callers without parameters share one rotation; so do those with equal parameters.",
    query: PickQuery,
    answers: {
      200: { description: "An endpoint that may be used.", schema: bodies.EndpointBody },
      400: badQuery,
      404: problem("The service is not watched, or no endpoint of it matches."),
      503: none,
    },
  },
  redirect: {
    method: "GET",
    path: "/v1/services/:name/redirect/*",
    summary: "On to the next endpoint of a service",
    description:
      "The rest of the path and the query are kept. The scheme is `http`, unless the endpoint's " +
      'metadata has `scheme: "https"`.',
    answers: {
      307: { description: "`Location` is a URL of an endpoint." },
      404: unknown,
      502: problem("The registry's address of the endpoint can't be used in a URL."),
      503: none,
    },
  },
  serviceEvents: {
    method: "GET",
    path: "/v1/services/:name/events",
    summary: "What happens to a service, as server-sent events",
    description:
      "Begins with `snapshot`, unless `Last-Event-ID` tells where to go on; then `change`, " +
      "`status`, `balance` and `refresh` as they happen, and `closing` when the server stops.",
    answers: { 200: events, 404: unknown, 501: noEvents },
  },
  events: {
    method: "GET",
    path: "/v1/events",
    summary: "What happens to all services, as server-sent events",
    description: "As those of one service.",
    answers: { 200: events, 501: noEvents },
  },
  refresh: {
    method: "POST",
    path: "/v1/refresh",
    summary: "Read every service again",
    description: "What SIGHUP does. Answers when the registry has answered.",
    answers: {
      200: { description: "How the services stand now.", schema: bodies.ServicesBody },
      403: problem("A page of another origin asked for it."),
      503: problem("The client was closed."),
    },
  },
  status: {
    method: "GET",
    path: "/v1/status",
    summary: "What is known of all services, and why not more",
    answers: { 200: { description: "The whole client.", schema: bodies.StatusBody } },
  },
  live: {
    method: "GET",
    path: "/health/live",
    summary: "Whether the process lives",
    answers: { 200: { description: "It does.", schema: bodies.LiveBody } },
  },
  ready: {
    method: "GET",
    path: "/health/ready",
    summary: "Whether every lookup can be answered",
    answers: {
      200: { description: "Every watched service was answered once.", schema: bodies.ReadyBody },
      503: problem("Not yet; `waiting` names the services that are waited for."),
    },
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Metrics for Prometheus",
    answers: {
      200: { description: "Prometheus' text format.", type: "text/plain" },
    },
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1.", type: "application/json" } },
  },
} as const satisfies Record<string, Operation>;
