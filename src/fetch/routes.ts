/**
 * Policies by method and path.
 *
 * Paths are compared segment by segment. The platform's URLPattern would do more, but Node 20 has none.
 *
 * @module
 */
import { checkOptions } from "../check_options.ts";
import { type HedgeOptions, type ResolvedHedge, resolveHedge } from "./hedge_options.ts";

/** What requests of a method and path may do. */
export interface FetchRoute {
  /** Method, or several, in any case. @default {any} */
  method?: string | readonly string[] | undefined;
  /**
   * Path. `*` in place of a segment stands for any one segment, at the end for any rest, as in `/files-*`.
   * Case matters; the query is no part of it. @default {any}
   */
  path?: string | undefined;
  /** Time for all attempts together until the head of a response, in milliseconds. @default {that of `createFetch()`} */
  timeoutMs?: number | undefined;
  /** What is retried. @default {that of `createFetch()`} */
  retry?: "idempotent" | "always" | "never" | undefined;
  /** Whether, and when, a second request is sent in parallel. @default {that of `createFetch()`} */
  hedge?: boolean | HedgeOptions | undefined;
}

/** A {@linkcode FetchRoute} that was checked. */
export interface ResolvedRoute {
  /** Methods in upper case; `undefined` for any. */
  readonly methods: readonly string[] | undefined;
  /** Segments of the path, `*` for any; `undefined` for any path. */
  readonly segments: readonly string[] | undefined;
  /** Whether the last segment is the beginning of the rest. */
  readonly isPrefix: boolean;
  /** Time for all attempts together, in milliseconds; `undefined` for that of the fetch. */
  readonly timeoutMs: number | undefined;
  /** What is retried; `undefined` for that of the fetch. */
  readonly retry: "idempotent" | "always" | "never" | undefined;
  /** Hedges, in a list of one; `undefined` for those of the fetch. */
  readonly hedge: readonly [ResolvedHedge | undefined] | undefined;
}

/**
 * Checks the option `routes`.
 *
 * @param routes The user's.
 * @returns The routes, in order.
 * @throws {TypeError} when an option is unknown or of the wrong type, or a path or method is not valid.
 * @throws {RangeError} when a number is out of its range.
 */
export function resolveRoutes(routes: readonly FetchRoute[]): readonly ResolvedRoute[] {
  if (!Array.isArray(routes)) {
    throw new TypeError(
      "Cannot use option routes of createFetch(): it must be a list, received " +
        (typeof routes === "object" ? "an object" : JSON.stringify(routes)),
    );
  }
  return routes.map((route: FetchRoute, place) => resolveRoute(route, place));
}

/**
 * The first route that matches a request.
 *
 * @param routes Routes.
 * @param method Method in upper case.
 * @param url URL of the request.
 * @returns The route, `undefined` when none matches.
 */
export function routeOf(
  routes: readonly ResolvedRoute[],
  method: string,
  url: string,
): ResolvedRoute | undefined {
  let path: readonly string[] | undefined;
  for (const route of routes) {
    if (route.methods !== undefined && !route.methods.includes(method)) continue;
    if (route.segments === undefined) return route;
    // As it is sent: without `..`, and with what must be escaped escaped.
    path ??= new URL(url).pathname.split("/");
    if (matches(route, path)) return route;
  }
  return undefined;
}

function resolveRoute(route: FetchRoute, place: number): ResolvedRoute {
  const caller = `routes[${place}] of createFetch()`;
  checkOptions(caller, route, {
    method: { type: "any" },
    path: { type: "string" },
    timeoutMs: { type: "number", min: 0 },
    retry: { type: "one-of", values: ["idempotent", "always", "never"] },
    hedge: { type: "any" },
  });
  const { path, timeoutMs, retry, hedge } = route;
  return {
    methods: route.method === undefined ? undefined : methodsOf(route.method, caller),
    segments: path === undefined ? undefined : segmentsOf(path, caller),
    isPrefix: path?.endsWith("*") ?? false,
    timeoutMs,
    retry,
    hedge: hedge === undefined ? undefined : [resolveHedge(hedge, caller)],
  };
}

function methodsOf(method: unknown, caller: string): readonly string[] {
  const methods: readonly unknown[] = Array.isArray(method) ? method : [method];
  // "HTTP Semantics", RFC 9110, 5.6.2: a method is a token.
  const isMethod = (each: unknown) =>
    typeof each === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(each) && each !== "*";
  const wrong = methods.find((each) => !isMethod(each));
  if (methods.length > 0 && wrong === undefined && !methods.includes(undefined)) {
    return methods.map((each) => (each as string).toUpperCase());
  }
  throw new TypeError(
    `Cannot use option method of ${caller}: it must be a method or a list of methods, received ` +
      `${JSON.stringify(wrong ?? method)}`,
  );
}

function segmentsOf(path: string, caller: string): readonly string[] {
  const fail = (why: string) =>
    new TypeError(
      `Cannot use option path of ${caller}: ${why}, received ${JSON.stringify(path)}`,
    );
  if (!path.startsWith("/")) throw fail('it must begin with "/"');
  if (/[?#]/.test(path)) throw fail("it must have no query and no fragment");
  const segments = path.split("/");
  const last = segments.length - 1;
  segments.forEach((segment, place) => {
    const star = segment.indexOf("*");
    if (star < 0 || segment === "*" || (place === last && star === segment.length - 1)) return;
    throw fail("* must stand for a whole segment or at the end");
  });
  return segments.map((segment, place) =>
    place === last && segment.endsWith("*") ? escaped(segment.slice(0, -1)) : escaped(segment)
  );
}

/** A segment as URLs have it. */
function escaped(segment: string): string {
  if (segment === "." || segment === "..") return segment;
  return new URL(`http://host/${segment}`).pathname.slice(1);
}

function matches({ segments, isPrefix }: ResolvedRoute, path: readonly string[]): boolean {
  const last = segments!.length - 1;
  if (isPrefix ? path.length <= last : path.length !== last + 1) return false;
  return segments!.every((segment, place) =>
    isPrefix && place === last
      ? path[place]!.startsWith(segment)
      : segment === "*" || segment === path[place]
  );
}
