/**
 * Calls that need nothing but an endpoint.
 *
 * @module
 */
import { type AttemptResult, isRejection } from "./attempt_result.ts";
import { addressOf, BalancedCall, type CallContext } from "./balanced_call.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { ServiceTraffic } from "./service_traffic.ts";

/**
 * Whether the options ask for nothing but endpoints and retries.
 *
 * @param options Options.
 */
export function isPlain(options: ResolvedFetchOptions): boolean {
  return options.timeoutMs === Infinity && options.attemptTimeoutMs === Infinity &&
    options.waitForEndpointsMs === 0 && options.hedge === undefined &&
    options.key === undefined && options.observer === undefined;
}

/**
 * Sends a request that succeeds at the first attempt, as nearly all do, with as few allocations as
 * possible. If it fails, a {@linkcode BalancedCall} continues.
 *
 * @param context What all calls share.
 * @param traffic The service.
 * @param url URL whose host is the name of the service.
 * @param start Index of the host in it.
 * @param end Index after the host.
 * @param init The rest of the request.
 * @returns As {@linkcode BalancedCall.send}.
 * @throws As {@linkcode BalancedCall.send}.
 */
export async function sendPlainly(
  context: CallContext,
  traffic: ServiceTraffic,
  url: string,
  start: number,
  end: number,
  init: RequestInit | undefined,
): Promise<Response> {
  init?.signal?.throwIfAborted();
  traffic.enter();
  try {
    const lease = context.source.acquire(traffic.service);
    traffic.count(lease.startedAt);
    let result: AttemptResult;
    try {
      const response = await context.options.fetch(addressOf(lease, url, start, end), init);
      if (!isRejection(response)) {
        lease.release();
        return response;
      }
      result = { lease, response, expired: false, hedge: false };
    } catch (error) {
      result = { lease, error, expired: false, hedge: false };
    }
    return await new BalancedCall(context, traffic, url, start, end, init).continueAfter(result);
  } finally {
    traffic.leave();
  }
}
