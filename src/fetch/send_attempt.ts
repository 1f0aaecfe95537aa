/**
 * One attempt at one endpoint, with the redirects that stay there.
 *
 * @module
 */
import type { Lease } from "../balance/lease.ts";
import type { AttemptControl } from "./attempt_control.ts";
import { type AttemptResult, discard } from "./attempt_result.ts";
import type { CallContext } from "./call_context.ts";
import { addressOf, type CallTarget } from "./call_target.ts";
import { networkFailure } from "./network_error.ts";
import { isRedirect, markRedirected, nextRequest } from "./redirects.ts";
import { methodOf } from "./retry_policy.ts";

/** What an attempt is made with. */
export interface AttemptPlan {
  /** Its endpoint. */
  readonly lease: Lease;
  /** Aborts it. */
  readonly control: AttemptControl | undefined;
  /** Whether it is sent in parallel to another one. */
  readonly hedge: boolean;
  /** How many redirects led to the call. */
  readonly hops: number;
}

/**
 * Sends a request to one endpoint.
 *
 * @param context What all calls share.
 * @param target Where the call goes.
 * @param given The rest of the request.
 * @param plan What the attempt is made with.
 * @returns How it ended; never rejects.
 */
export async function sendAttempt(
  context: CallContext,
  target: CallTarget,
  given: RequestInit | undefined,
  plan: AttemptPlan,
): Promise<AttemptResult> {
  const { lease, control, hedge } = plan;
  let url = addressOf(lease, target);
  let init = given;
  let { hops } = plan;
  let response: Response | undefined;
  try {
    const signal = control?.signal ?? given?.signal ?? null;
    for (;;) {
      const redirect = context.hidesRedirects ? init?.redirect ?? "follow" : "manual";
      const sent = await context.options.fetch(url, withSignal(init, redirect, signal));
      const followed = response !== undefined;
      response = sent;
      if (!isFollowed(sent, init)) {
        control?.stop(sent);
        if (hops > 0) markRedirected(sent);
        return { lease, response: sent, expired: false, hedge };
      }
      if (sent.type === "opaqueredirect") {
        init = showRedirects(context, given, followed);
        response = undefined;
        continue;
      }
      const next = nextRequest(sent, url, init, hops, (to) => isSameOrigin(to, url, target));
      if (new URL(next.url).origin !== new URL(url).origin) {
        control?.stop();
        return { lease, response: sent, expired: false, hedge, redirect: next };
      }
      discard(sent);
      ({ url, init, hops } = next);
    }
  } catch (error) {
    control?.stop();
    // The redirect that cannot be followed; a response that was read before is not usable again.
    discard(response);
    const { expired = false, closed } = control ?? {};
    const failure = failureOf(error, context, lease, url, response !== undefined);
    return { lease, error, failure, expired, closed, hedge };
  } finally {
    if (response !== undefined) remember(context, lease.endpoint.host);
  }
}

function withSignal(
  init: RequestInit | undefined,
  redirect: "follow" | "manual" | "error",
  signal: AbortSignal | null,
): RequestInit {
  if (init === undefined) return signal === null ? { redirect } : { redirect, signal };
  return signal === null ? { ...init, redirect } : { ...init, redirect, signal };
}

function isFollowed(response: Response, init: RequestInit | undefined): boolean {
  const { status, type } = response;
  if (status >= 200 && status < 300 || init?.redirect === "manual") return false;
  return type === "opaqueredirect" || isRedirect(response);
}

/** The platform hides where the redirect leads: it follows this one, and all others, itself. */
function showRedirects(
  context: CallContext,
  init: RequestInit | undefined,
  followed: boolean,
): RequestInit | undefined {
  context.hidesRedirects = true;
  if (init?.redirect === "error" || followed || !/^(GET|HEAD)$/.test(methodOf(init))) {
    throw new TypeError("Cannot follow a redirect: this platform hides its target");
  }
  return init;
}

/** The endpoint, and the service by its name, are the same origin: the caller means both. */
function isSameOrigin(to: URL, url: string, { url: asked, start, end }: CallTarget): boolean {
  return to.origin === new URL(url).origin ||
    (to.port === "" && to.hostname === asked.slice(start, end).toLowerCase());
}

/**
 * What an error means. Only the endpoint's own address can make a URL wrong that was right with the name
 * of its service. And what may have left on a former connection, or was redirected, has left.
 */
function failureOf(
  error: unknown,
  context: CallContext,
  lease: Lease,
  url: string,
  isRedirected: boolean,
): AttemptResult["failure"] {
  const failure = networkFailure(error);
  if (failure === undefined) return isWrongAddress(error, url) ? "connect_failed" : undefined;
  const hasLeft = isRedirected || context.hidesRedirects ||
    (isRepeater(error) && context.answered.has(lease.endpoint.host));
  return failure === "connect_failed" && hasLeft ? "reset" : failure;
}

// Deno and Bun send a request again by themselves when a kept connection breaks, and report the second
// failure. undici does not; its codes are those of the cause.
function isRepeater(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } | undefined };
  return typeof cause?.code !== "string";
}

function isWrongAddress(error: unknown, url: string): boolean {
  try {
    new URL(url);
  } catch {
    return true;
  }
  // The Fetch standard blocks ports of other protocols.
  const { message, cause } = error as { message?: unknown; cause?: unknown };
  return /bad port|requests to port \d+ are blocked|unsafe port/i.test(
    `${message} ${(cause as { message?: unknown } | undefined)?.message}`,
  );
}

const MOST_HOSTS = 10_000;

function remember({ answered }: CallContext, host: string): void {
  if (answered.has(host)) return;
  if (answered.size >= MOST_HOSTS) answered.clear();
  answered.add(host);
}
