/**
 * A transport of Connect for Node whose calls go to healthy endpoints of a service, over HTTP/2: for the
 * protocols Connect, gRPC and gRPC-web.
 *
 * ```ts ignore
 * import { createClient } from "@connectrpc/connect";
 * import { createGrpcTransport } from "@connectrpc/connect-node";
 * import { createPiloted } from "@piloted/core";
 * import { pilotedTransport } from "@piloted/core/connect";
 *
 * const piloted = await createPiloted();
 * const transport = pilotedTransport(piloted, "customers", createGrpcTransport);
 * const customers = createClient(CustomerService, transport);
 * await customers.getCustomer({ id: 7 });
 * ```
 *
 * @module
 */
export { type PilotedTransport, pilotedTransport } from "./piloted_transport.ts";
export type { EndpointTarget, PilotedTransportOptions } from "./transport_options.ts";
