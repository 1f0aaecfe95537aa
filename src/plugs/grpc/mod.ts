/**
 * gRPC channels that follow a service: `piloted:///customers`, for `@grpc/grpc-js`.
 *
 * ```ts ignore
 * import { credentials } from "@grpc/grpc-js";
 * import { createPiloted } from "@piloted/core";
 * import { registerPiloted } from "@piloted/core/grpc";
 *
 * registerPiloted(await createPiloted());
 * const client = new CustomersClient("piloted:///customers", credentials.createInsecure());
 * ```
 *
 * @module
 */
export { type RegisterOptions, registerPiloted } from "./register_piloted.ts";
