/**
 * One attempt at one endpoint, with the redirects that stay there.
 *
 * @module
 */
import type { Lease, Outcome } from "../balance/lease.ts";
import { AttemptControl } from "./attempt_control.ts";
import { discard } from "./body_end.ts";
import type { CallContext } from "./call_context.ts";
import { addressOf, type CallTarget } from "./call_target.ts";
import { networkFailure } from "./network_error.ts";
import { isRedirect, markRedirected, nextRequest, type Redirect } from "./redirects.ts";
import { methodOf } from "./retry_policy.ts";

/** What an attempt is made with. */
export interface AttemptPlan {
  /** Its endpoint. */
  readonly lease: Lease;
  /** Whether it is sent in parallel to another one. */
  readonly hedge: boolean;
  /** Milliseconds until its deadline; may be infinite. */
  readonly timeoutMs: number;
  /** Whether something besides the caller's signal can abort it. */
  readonly isAbortable: boolean;
  /** How many redirects led to the call. */
  readonly hops: number;
}

/** Called with an attempt that has ended; what it returns or throws is what `send()` settles with. */
export type AttemptEnded<T> = (attempt: Attempt) => T | Promise<T>;

/**
 * Sends a request to one endpoint. The promise of the platform's fetch gets one pair of handlers and is
 * not awaited anywhere, because every promise in between costs as much as the choice of the endpoint.
 */
export class Attempt extends AttemptControl {
  /** Its endpoint; the lease is released by the call. */
  readonly lease: Lease;
  /** Whether it is sent in parallel to another one. */
  readonly hedge: boolean;
  /** The response. */
  response: Response | undefined = undefined;
  /** What was thrown. */
  error: unknown = undefined;
  /** What the error means, `undefined` when no endpoint caused it. */
  failure: "connect_failed" | "reset" | undefined = undefined;
  /** What a deadline that has expired says about the endpoint. */
  timeout: Outcome = "unknown";
  /** Where a redirect leads that has left the endpoint. */
  redirect: Redirect | undefined = undefined;
  readonly #context: CallContext;
  readonly #target: CallTarget;
  readonly #given: RequestInit | undefined;
  #hops: number;
  /** The redirect that led to the current request. */
  #followed: Response | undefined = undefined;

  /**
   * Starts its deadline.
   *
   * @param context What all calls share.
   * @param target Where the call goes.
   * @param init The rest of the request.
   * @param plan What the attempt is made with.
   */
  constructor(
    context: CallContext,
    target: CallTarget,
    init: RequestInit | undefined,
    { lease, hedge, timeoutMs, isAbortable, hops }: AttemptPlan,
  ) {
    super(isAbortable, init?.signal ?? undefined);
    if (isAbortable) context.deadlines.add(this, lease.startedAt, timeoutMs);
    this.lease = lease;
    this.hedge = hedge;
    this.#context = context;
    this.#target = target;
    this.#given = init;
    this.#hops = hops;
  }

  /**
   * Sends the request.
   *
   * @param ended Called once, with the response or the error.
   * @returns What `ended` returns.
   * @throws What `ended` throws, and nothing else.
   */
  send<T>(ended: AttemptEnded<T>): Promise<T> {
    return this.#send(addressOf(this.lease, this.#target), this.#given, ended);
  }

  #send<T>(url: string, init: RequestInit | undefined, ended: AttemptEnded<T>): Promise<T> {
    const { hidesRedirects, options } = this.#context;
    const redirect = hidesRedirects ? init?.redirect ?? "follow" : "manual";
    const { signal } = this;
    const sent = init === undefined ? { redirect, signal } : { ...init, redirect, signal };
    try {
      return options.fetch(url, sent).then(
        (response) => this.#received(response, url, init, ended),
        (error) => this.#failed(error, url, ended),
      );
    } catch (error) {
      return Promise.resolve().then(() => this.#failed(error, url, ended));
    }
  }

  #received<T>(
    response: Response,
    url: string,
    init: RequestInit | undefined,
    ended: AttemptEnded<T>,
  ): T | Promise<T> {
    remember(this.#context, this.lease.endpoint.host);
    if (isFollowed(response, init)) return this.#follow(response, url, init, ended);
    this.stop(response);
    this.response = this.#hops > 0 ? markRedirected(response) : response;
    return ended(this);
  }

  #follow<T>(
    response: Response,
    url: string,
    init: RequestInit | undefined,
    ended: AttemptEnded<T>,
  ): T | Promise<T> {
    let next: Redirect;
    try {
      if (response.type === "opaqueredirect") {
        showRedirects(this.#context, this.#given, this.#followed !== undefined);
        this.#followed = undefined;
        return this.#send(url, this.#given, ended);
      }
      this.#followed = response;
      const isSame = (to: URL) => isSameOrigin(to, url, this.#target);
      next = nextRequest(response, url, init, this.#hops, isSame);
    } catch (error) {
      this.#followed = response;
      return this.#failed(error, url, ended);
    }
    if (new URL(next.url).origin !== new URL(url).origin) {
      this.stop();
      this.response = response;
      this.redirect = next;
      return ended(this);
    }
    discard(response);
    this.#hops = next.hops;
    return this.#send(next.url, next.init, ended);
  }

  #failed<T>(error: unknown, url: string, ended: AttemptEnded<T>): T | Promise<T> {
    this.stop();
    // The redirect that cannot be followed; a response that was read before is not usable again.
    discard(this.#followed);
    this.error = error;
    this.failure = this.#failureOf(error, url);
    return ended(this);
  }

  /**
   * What an error means. Only the endpoint's own address can make a URL wrong that was right with the
   * name of its service. And what may have left on a former connection, or was redirected, has left.
   */
  #failureOf(error: unknown, url: string): Attempt["failure"] {
    const failure = networkFailure(error);
    if (failure === undefined) {
      const isOwn = this.#followed === undefined && isWrongAddress(error, url);
      return isOwn ? "connect_failed" : undefined;
    }
    const { hidesRedirects, answered } = this.#context;
    const hasLeft = this.#followed !== undefined || hidesRedirects ||
      (isRepeater(error) && answered.has(this.lease.endpoint.host));
    return failure === "connect_failed" && hasLeft ? "reset" : failure;
  }
}

function isFollowed(response: Response, init: RequestInit | undefined): boolean {
  const { status } = response;
  if ((status >= 200 && status < 300) || init?.redirect === "manual") return false;
  return isRedirect(response) || response.type === "opaqueredirect";
}

/** The platform hides where the redirect leads: it follows this one, and all others, itself. */
function showRedirects(
  context: CallContext,
  init: RequestInit | undefined,
  followed: boolean,
): void {
  context.hidesRedirects = true;
  if (init?.redirect === "error" || followed || !/^(GET|HEAD)$/.test(methodOf(init))) {
    throw new TypeError("Cannot follow a redirect: this platform hides its target");
  }
}

/** The endpoint, and the service by its name, are the same origin: the caller means both. */
function isSameOrigin(to: URL, url: string, { url: asked, start, end }: CallTarget): boolean {
  return to.origin === new URL(url).origin ||
    (to.port === "" && to.hostname === asked.slice(start, end).toLowerCase());
}

// Deno and Bun send a request again by themselves when a kept connection breaks, and report the second
// failure. undici does not; its codes are those of the cause.
function isRepeater(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } | undefined };
  return typeof cause?.code !== "string";
}

function isWrongAddress(error: unknown, url: string): boolean {
  try {
    // The caller's URL has no user.
    if (new URL(url).username !== "") return true;
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
