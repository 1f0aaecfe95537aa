/**
 * An interceptor for undici that sends a request for `http://customers/` to a healthy endpoint of the
 * service `customers`. As the global dispatcher it balances Node's own `fetch`, `undici.request()`, and
 * third-party code that uses either.
 *
 * ```ts ignore
 * import { createPiloted } from "@piloted/core";
 * import { piloted } from "@piloted/core/undici";
 * import { Agent, setGlobalDispatcher } from "undici";
 *
 * const client = await createPiloted();
 * setGlobalDispatcher(new Agent().compose(piloted(client)));
 * await fetch("http://customers/orders/7");
 * ```
 *
 * @module
 */
export type { DispatchedResponse, PilotedDispatchOptions } from "./dispatch_options.ts";
export { piloted } from "./piloted.ts";
