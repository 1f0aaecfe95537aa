/**
 * Redirects, followed hop by hop as the Fetch standard does (section "HTTP-redirect fetch").
 *
 * The platform would follow them itself, and report that the *target* could not be reached as an error
 * of the whole request. A POST that was processed would then look as if it had never been sent.
 *
 * @module
 */
import { isReplayable } from "./request_body.ts";

/** Maximum number of redirects of one call, as in the Fetch standard. */
const MOST = 20;

const BODY_HEADERS = [
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
  "content-length",
  "transfer-encoding",
];
/** For the origin that they were meant for, and no other. */
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization", "host"];

/** Where a redirect leads. */
export interface Redirect {
  /** Its target. */
  readonly url: string;
  /** The request for it. */
  readonly init: RequestInit;
  /** How many redirects the call has followed with this one. */
  readonly hops: number;
}

/**
 * Whether a response is a redirect that can be followed.
 *
 * @param response The response.
 */
export function isRedirect({ status, headers }: Response): boolean {
  return (status === 301 || status === 302 || status === 303 || status === 307 ||
    status === 308) && headers.has("location");
}

/**
 * The request that a redirect asks for.
 *
 * @param response The redirect.
 * @param from URL that it came from.
 * @param init The request that it was the response to.
 * @param hops How many redirects were followed before.
 * @param isSameOrigin Whether a target may get the credentials of the request.
 * @returns The next request.
 * @throws {TypeError} when the target is no HTTP URL, there are too many redirects, the request does not
 * allow any, or its body cannot be sent again.
 */
export function nextRequest(
  response: Response,
  from: string,
  init: RequestInit | undefined,
  hops: number,
  isSameOrigin: (target: URL) => boolean,
): Redirect {
  const fail = (why: string) => new TypeError(`Cannot follow a redirect of ${from}: ${why}`);
  if (init?.redirect === "error") throw fail('the option redirect is "error"');
  if (hops >= MOST) throw fail(`${MOST} were followed already`);
  const target = parse(response.headers.get("location")!, from);
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw fail("its target is not an HTTP URL");
  }
  if (target.hash === "") target.hash = new URL(from).hash;
  const { status } = response;
  const method = init?.method?.toUpperCase() ?? "GET";
  const next: RequestInit = { ...init };
  const headers = new Headers(init?.headers);
  if (status !== 303 && !isReplayable(init?.body)) throw fail("its body cannot be sent again");
  const becomesGet = status === 303
    ? method !== "GET" && method !== "HEAD"
    : (status === 301 || status === 302) && method === "POST";
  if (becomesGet) {
    next.method = "GET";
    delete next.body;
    for (const name of BODY_HEADERS) headers.delete(name);
  }
  if (!isSameOrigin(target)) { for (const name of CREDENTIALS) headers.delete(name); }
  next.headers = headers;
  return { url: target.href, init: next, hops: hops + 1 };
}

/**
 * Marks a response as the end of redirects, as the platform would.
 *
 * @param response The response.
 * @returns The same object.
 */
export function markRedirected(response: Response): Response {
  if (!Object.isExtensible(response)) return response;
  return Object.defineProperty(response, "redirected", { value: true, configurable: true });
}

function parse(location: string, from: string): URL | undefined {
  try {
    return new URL(location, from);
  } catch {
    return undefined;
  }
}
