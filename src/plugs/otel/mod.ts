/**
 * Traces and metrics of the balanced fetch, told to OpenTelemetry.
 *
 * @module
 */
export { otelObserver, type OtelObserverOptions } from "./otel_observer.ts";
