/**
 * The interceptor.
 *
 * @module
 */
import type { Dispatcher } from "undici";
import { HostLookup } from "../../client/host_lookup.ts";
import type { Piloted } from "../../client/piloted.ts";
import { PilotedError } from "../../errors.ts";
import { RetryBudget } from "../../fetch/retry_budget.ts";
import { DispatchCall, type DispatchContext } from "./dispatch_call.ts";
import { type PilotedDispatchOptions, resolveDispatchOptions } from "./dispatch_options.ts";
import { StableController } from "./stable_controller.ts";

/**
 * Creates an interceptor for `compose()` of an undici dispatcher: requests for a watched service go to
 * a healthy endpoint, and to another one if that fails and the request may be sent again. Requests for
 * other hosts are sent unchanged.
 *
 * @param client Gives endpoints.
 * @param options Which requests are sent again.
 * @returns The interceptor.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 *
 * @example
 * ```ts
 * import { createPiloted } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { piloted } from "@piloted/core/undici";
 * import { Agent } from "undici";
 *
 * const consul = new EmbeddedConsul();
 * await using client = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * const dispatcher = new Agent().compose(piloted(client));
 * // setGlobalDispatcher(dispatcher), or fetch(url, { dispatcher })
 * await dispatcher.close();
 * ```
 */
export function piloted(
  client: Piloted<string>,
  options: PilotedDispatchOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  const resolved = resolveDispatchOptions(options);
  const hosts = new HostLookup(client);
  const contexts = new Map<string, DispatchContext>();

  const contextOf = (service: string) => {
    let context = contexts.get(service);
    if (context === undefined) {
      const budget = new RetryBudget({ percent: 20, minimumPerSecond: 3, windowMs: 10_000 });
      context = { client, options: resolved, budget, service, resting: new Map() };
      contexts.set(service, context);
    }
    return context;
  };

  return (dispatch) => (request, handler) => {
    try {
      if (request.origin === undefined || request.origin === null) {
        return dispatch(request, handler);
      }
      const origin = new URL(request.origin);
      const service = hosts.find(origin.hostname);
      if (service === undefined) {
        if (resolved.unknownHosts === "reject") throw unknownHost(origin);
        return dispatch(request, handler);
      }
      if (origin.port !== "") throw hasPort(service, origin);
      const call = new DispatchCall(contextOf(service), request, handler, dispatch);
      const loading = client.load(service);
      if (loading === undefined) call.start();
      else loading.then(() => call.start(), (error) => call.fail(error));
    } catch (error) {
      handler.onResponseError?.(new StableController(), error as Error);
    }
    return true;
  };
}

function unknownHost({ origin }: URL): PilotedError {
  return new PilotedError(
    "UNKNOWN_SERVICE",
    `Cannot request ${origin}: its host is not a watched service, and unknownHosts is "reject"`,
    { url: origin },
  );
}

function hasPort(service: string, { origin }: URL): PilotedError {
  return new PilotedError(
    "UNKNOWN_SERVICE",
    `Cannot request ${origin}: ${service} is a watched service, whose ports come from the registry; ` +
      "leave the port out of the URL",
    { service, url: origin },
  );
}
