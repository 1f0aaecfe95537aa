/**
 * Traces and metrics of the balanced fetch with OpenTelemetry.
 *
 * @module
 */
export { otelObserver, type OtelObserverOptions } from "./otel_observer.ts";
