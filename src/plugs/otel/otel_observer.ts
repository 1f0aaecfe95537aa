/**
 * Spans and metrics of the balanced fetch.
 *
 * @module
 */
import { checkOptions } from "../../check_options.ts";
import {
  type Attributes,
  context,
  type HrTime,
  type Meter,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { isPilotedError } from "../../any_piloted_error.ts";
import type { FetchCall, FetchObserver } from "../../fetch/fetch_observer.ts";
import type { RequestAttempt } from "../../request_attempt.ts";

/** Options of `otelObserver()`. */
export interface OtelObserverOptions {
  /**
   * Creates the spans.
   *
   * @default a tracer of the global provider, named `@piloted/core`
   */
  readonly tracer?: Tracer | undefined;
  /**
   * Creates the instruments.
   *
   * @default a meter of the global provider, named `@piloted/core`
   */
  readonly meter?: Meter | undefined;
}

const NAME = "@piloted/core";

// Buckets in seconds and methods: OpenTelemetry, "Semantic conventions for HTTP metrics" and "spans".
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const METHODS = "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" ");

/**
 * Creates an observer that records every call of a balanced fetch by OpenTelemetry's semantic
 * conventions for HTTP: a client span for the call under the active span, a child span for every
 * attempt, the histogram `http.client.request.duration` in seconds and the counter
 * `piloted.fetch.attempts` by outcome. User names, passwords, queries, headers and error messages are
 * not recorded. Requests are not changed: no `traceparent` is added.
 *
 * @param options Tracer and meter. Register global providers before you call this.
 * @returns An observer for `createFetch()`.
 *
 * @example
 * ```ts
 * import { createFetch, createPiloted } from "@piloted/core";
 * import { otelObserver } from "@piloted/core/otel";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "consul:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * const fetch = createFetch(piloted, {
 *   observer: otelObserver(),
 *   fetch: () => Promise.resolve(new Response("42")), // only here: the runtime's own
 * });
 * assertEquals(await (await fetch("http://customers/")).text(), "42");
 * ```
 */
export function otelObserver(options: OtelObserverOptions = {}): FetchObserver {
  checkOptions("otelObserver()", options, {
    tracer: { type: "object", methods: ["startSpan"] },
    meter: { type: "object", methods: ["createHistogram", "createCounter"] },
  });
  const tracer = options.tracer ?? trace.getTracer(NAME);
  const meter = options.meter ?? metrics.getMeter(NAME);
  const durations = meter.createHistogram("http.client.request.duration", {
    description: "Duration of HTTP client requests",
    unit: "s",
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const attempts = meter.createCounter("piloted.fetch.attempts", {
    description: "Attempts of the balanced fetch",
    unit: "{attempt}",
  });

  return {
    started(call) {
      const { name, common, full } = describe(call);
      const span = tracer.startSpan(name, {
        kind: SpanKind.CLIENT,
        startTime: hrTime(call.startedAt),
        attributes: { ...common, ...full },
      });
      const parent = trace.setSpan(context.active(), span);
      let sent = 0;
      return {
        attempted(attempt) {
          const { endpoint, outcome, startedAt, durationMs } = attempt;
          const result = resultOf(attempt.status, attempt.error);
          attempts.add(1, { "server.address": call.service, "piloted.outcome": outcome });
          const child = tracer.startSpan(name, {
            kind: SpanKind.CLIENT,
            startTime: hrTime(startedAt),
            attributes: {
              ...full,
              "http.request.method": common["http.request.method"],
              "server.address": endpoint.address,
              "server.port": endpoint.port,
              ...sent > 0 && { "http.request.resend_count": sent },
              ...attemptAttributes(attempt),
            },
          }, parent);
          sent++;
          finish(child, result, startedAt + durationMs);
        },
        ended({ response, error, durationMs }) {
          const result = resultOf(response?.status, error);
          durations.record(durationMs / 1000, { ...common, ...result }, parent);
          finish(span, result, call.startedAt + durationMs);
        },
      };
    },
  };
}

function describe(call: FetchCall): { name: string; common: Attributes; full: Attributes } {
  const url = new URL(call.url);
  const known = METHODS.includes(call.method);
  return {
    name: known ? call.method : "HTTP",
    common: {
      "http.request.method": known ? call.method : "_OTHER",
      "server.address": call.service,
      "server.port": Number(url.port) || (url.protocol === "https:" ? 443 : 80),
    },
    full: {
      // The origin has no credentials; the query may contain a token.
      "url.full": url.origin + url.pathname,
      ...!known && { "http.request.method_original": call.method },
    },
  };
}

function attemptAttributes({ endpoint, outcome, hedge }: RequestAttempt): Attributes {
  return {
    "piloted.service": endpoint.service,
    "piloted.endpoint.id": endpoint.id,
    "piloted.outcome": outcome,
    "piloted.hedge": hedge,
  };
}

// For a client span, every status from 400 is an error.
function resultOf(status: number | undefined, error: unknown): Attributes {
  if (status === undefined) return { "error.type": errorType(error) };
  return {
    "http.response.status_code": status,
    ...status >= 400 && { "error.type": String(status) },
  };
}

function errorType(error: unknown): string {
  if (isPilotedError(error)) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}

function finish(span: Span, result: Attributes, endedAt: number): void {
  span.setAttributes(result);
  if (result["error.type"] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(hrTime(endedAt));
}

// A plain number could be mistaken for the time since the start of the process.
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}
