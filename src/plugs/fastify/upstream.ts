/**
 * Upstreams of `@fastify/reply-from`.
 *
 * @module
 */
import type {
  FastifyReply,
  FastifyRequest,
  RawServerBase,
  RequestGenericInterface,
  RouteGenericInterface,
} from "fastify";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Lease, Outcome } from "../../balance/lease.ts";
import { checkOptions } from "../../check_options.ts";
import type { Piloted } from "../../client/piloted.ts";
import { schemeOf } from "../../endpoint_scheme.ts";
import { PilotedError } from "../../errors.ts";
import { classifyResponse } from "../../fetch/classify.ts";
import { networkFailure } from "../../fetch/network_error.ts";

/** A request of Fastify on HTTP/1.1 or HTTP/2. */
export type UpstreamRequest = FastifyRequest<RequestGenericInterface, RawServerBase>;

/** A reply of Fastify on HTTP/1.1 or HTTP/2. */
export type UpstreamReply = FastifyReply<RouteGenericInterface, RawServerBase>;

/** Options of {@linkcode upstream}. */
export interface UpstreamOptions {
  /** With the balancer `hash`, requests with equal keys go to the same endpoint. @default {undefined} */
  readonly key?: ((request: UpstreamRequest) => string) | undefined;
  /** Scheme of endpoints whose metadata names none. @default {"http"} */
  readonly scheme?: "http" | "https" | undefined;
  /** Sends the response, as `onResponse` of `reply.from()`. @default {the upstream's body} */
  readonly onResponse?:
    | ((request: UpstreamRequest, reply: UpstreamReply, response: UpstreamResponse) => void)
    | undefined;
  /** Sends the error, as `onError` of `reply.from()`. @default {Fastify's error response} */
  readonly onError?: ((reply: UpstreamReply, error: { error: Error }) => void) | undefined;
}

/** A response of the upstream, as `@fastify/reply-from` passes it. */
export interface UpstreamResponse {
  /** Its body. */
  readonly stream: IncomingMessage;
  /** Its status. */
  readonly statusCode: number;
}

/** What `reply.from()` takes. Spread it to add other hooks. */
export interface UpstreamHooks {
  /** Chooses the endpoint. */
  readonly getUpstream: (request: UpstreamRequest) => string;
  /** Reports the response and sends it. */
  readonly onResponse: (
    request: UpstreamRequest,
    reply: UpstreamReply,
    response: UpstreamResponse,
  ) => void;
  /** Reports the error and sends it. */
  readonly onError: (reply: UpstreamReply, error: { error: Error }) => void;
  /** Turns off repetitions to the same endpoint, which `@fastify/reply-from` makes up to ten times. */
  readonly retryDelay: () => null;
}

const TIMEOUT = /^(FST_REPLY_FROM_\w*TIMEOUT|UND_ERR_HEADERS_TIMEOUT)$/;

// Of every upstream together: a connection has one listener, however many requests it carries.
const onClients = new WeakMap<Socket, Set<Lease>>();

/**
 * Makes the hooks of `reply.from()` for a service: each request goes to an endpoint of its balancer,
 * and its status or its error is reported to the outlier detection. Nothing is sent again. For retries
 * and deadlines give `@fastify/reply-from` a dispatcher instead: `{ base: "http://customers", undici:
 * new Agent().compose(piloted(client)) }`, with `piloted()` of `@piloted/core/undici`.
 *
 * @param piloted The client.
 * @param service Name of a watched service.
 * @param options How endpoints are chosen, and what is sent to the client.
 * @returns Hooks for `reply.from(source, hooks)`. While nothing is listed requests fail with 503.
 * @throws {PilotedError} `UNKNOWN_SERVICE` when the service is not watched.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 *
 * @example
 * ```ts ignore
 * const customers = upstream(app.piloted, "customers");
 * app.all("/customers/*", (request, reply) => reply.from(request.url, customers));
 * ```
 */
export function upstream(
  piloted: Piloted,
  service: string,
  options: UpstreamOptions = {},
): UpstreamHooks {
  checkOptions("upstream()", options, {
    key: { type: "function" },
    scheme: { type: "one-of", values: ["http", "https"] },
    onResponse: { type: "function" },
    onError: { type: "function" },
  });
  const { scheme = "http", key, onResponse, onError } = options;
  // Throws for a name that is not watched.
  piloted.serviceHosts(service);
  const leases = new WeakMap<UpstreamRequest, Lease>();
  const release = (request: UpstreamRequest, outcome: Outcome) => {
    const lease = leases.get(request);
    if (lease === undefined) return;
    onClients.get(request.raw.socket)?.delete(lease);
    lease.release(outcome);
  };

  return {
    getUpstream(request) {
      const lease = acquire(piloted, service, key?.(request));
      leases.set(request, lease);
      hold(request.raw.socket, lease);
      return `${schemeOf(lease.endpoint, scheme)}://${lease.endpoint.host}`;
    },
    onResponse(request, reply, response) {
      const lease = leases.get(request);
      const outcome = classifyResponse({ status: reply.statusCode });
      if (lease?.leaseUntil === "body") {
        lease.report?.(outcome);
        response.stream.once("close", () => release(request, outcome));
      } else {
        release(request, outcome);
      }
      if (onResponse !== undefined) onResponse(request, reply, response);
      else void reply.send(response.stream);
    },
    onError(reply, failure) {
      release(reply.request, outcomeOf(failure.error));
      if (onError !== undefined) onError(reply, failure);
      else void reply.send(failure.error);
    },
    retryDelay: () => null,
  };
}

function acquire(piloted: Piloted, service: string, key: string | undefined): Lease {
  try {
    return piloted.acquire(service, { key });
  } catch (error) {
    if (!(error instanceof PilotedError)) throw error;
    // Fastify takes the status of its response from the error.
    const statusCode = error.code === "NO_ENDPOINTS" ? 503 : 500;
    throw Object.assign(new Error(error.message, { cause: error }), {
      statusCode,
      code: error.code,
    });
  }
}

// @fastify/reply-from calls no hook when the client has gone.
function hold(client: Socket, lease: Lease): void {
  let held = onClients.get(client);
  if (held === undefined) {
    const leases = held = new Set<Lease>();
    onClients.set(client, held);
    client.once("close", () => leases.forEach((each) => each.release("unknown")));
  }
  held.add(lease);
}

function outcomeOf(error: Error): Outcome {
  // It wraps what the connection reported.
  const cause = error.cause ?? error;
  if (TIMEOUT.test(String((cause as { code?: unknown }).code))) return "timeout";
  return networkFailure(cause) === undefined ? "unknown" : "failure";
}
