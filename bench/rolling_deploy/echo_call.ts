/**
 * The gRPC method that the backends serve: no generated code, text in and text out.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { MethodDefinition, ServiceConfig } from "@grpc/grpc-js";

/** `/bench.Echo/Echo`. */
export const ECHO: MethodDefinition<string, string> = {
  path: "/bench.Echo/Echo",
  requestStream: false,
  responseStream: false,
  requestSerialize: (text) => Buffer.from(text),
  requestDeserialize: (bytes) => bytes.toString(),
  responseSerialize: (text) => Buffer.from(text),
  responseDeserialize: (bytes) => bytes.toString(),
};

/** Calls that are sent again; both gRPC rows have it. */
export const RETRIES: NonNullable<ServiceConfig["methodConfig"]> = [{
  name: [{}],
  retryPolicy: {
    maxAttempts: 4,
    initialBackoff: "0.02s",
    maxBackoff: "0.2s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  },
}];
