/**
 * A client of a Connect service on the balanced fetch.
 *
 * `Customers` is what `protoc-gen-es` writes for this file; import your own instead:
 *
 *     syntax = "proto3";
 *     package customers.v1;
 *     import "google/protobuf/wrappers.proto";
 *     service Customers {
 *       rpc Name(google.protobuf.Int32Value) returns (google.protobuf.StringValue) {
 *         option idempotency_level = NO_SIDE_EFFECTS;
 *       }
 *     }
 */
import { fileDesc, type GenService, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import {
  file_google_protobuf_wrappers,
  type Int32ValueSchema,
  type StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { createFetch, type Piloted } from "@piloted/core";

const Customers: GenService<{
  name: {
    methodKind: "unary";
    input: typeof Int32ValueSchema;
    output: typeof StringValueSchema;
  };
}> = serviceDesc(
  fileDesc(
    "Cg9jdXN0b21lcnMucHJvdG8SDGN1c3RvbWVycy52MRoeZ29vZ2xlL3Byb3RvYnVmL3dyYXBwZXJzLnByb3RvMlMKCUN1" +
      "c3RvbWVycxJGCgROYW1lEhsuZ29vZ2xlLnByb3RvYnVmLkludDMyVmFsdWUaHC5nb29nbGUucHJvdG9idWYuU3RyaW5n" +
      "VmFsdWUiA5ACAWIGcHJvdG8z",
    [file_google_protobuf_wrappers],
  ),
  0,
);

/**
 * Asks the service `customers` for a name.
 *
 * @param piloted Watches `customers`.
 * @param id Number of the customer.
 * @returns The name.
 */
export async function readName(piloted: Piloted, id: number): Promise<string> {
  const client = createClient(
    Customers,
    createConnectTransport({
      baseUrl: "http://customers",
      fetch: createFetch(piloted, { timeoutMs: 2_000 }),
      // What has no side effects goes out as GET, which may be sent again.
      useHttpGet: true,
    }),
  );
  return (await client.name({ value: id })).value;
}
