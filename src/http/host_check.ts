/**
 * The header `Host`.
 *
 * Runtimes build the URL of a request from it, some without looking: a `Host` such as `a/b?` chooses
 * the path then, and one such as `[` makes a URL that cannot be parsed. So it is checked before
 * anything else happens.
 *
 * @module
 */
import type { Hono, MiddlewareHandler } from "hono";
import type { AccessLogEntry } from "./access_log.ts";
import { problem } from "./routes/problem.ts";

const HOST = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

/**
 * Whether a string is a valid value of `Host`: a name, an IPv4 address or an IPv6 address in
 * brackets, and maybe a port. International names have their ASCII form there.
 *
 * @param host The string.
 */
export function isValidHost(host: string): boolean {
  return HOST.test(host) && URL.canParse(`http://${host}/`);
}

/** Checks the header `Host` of requests. */
export class HostCheck {
  readonly #allowed: ReadonlySet<string>;
  // Those that were found to be right. Few, unless somebody invents them.
  readonly #known = new Set<string>();

  /**
   * Creates a check.
   *
   * @param allowedHosts Names that requests may be addressed to, with a port or for any port; empty
   * for any name.
   */
  constructor(allowedHosts: readonly string[]) {
    this.#allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /**
   * Checks a request. One without `Host`, as HTTP/1.0 allows it, passes: browsers always send one.
   *
   * @param request The request. Its URL may be malformed, and is not read.
   * @returns 400 for a malformed `Host`, 421 for a name that is not allowed, else `undefined`.
   */
  refusal({ headers }: Request): Response | undefined {
    const host = headers.get("host");
    if (host === null || this.#known.has(host)) return undefined;
    if (!isValidHost(host)) {
      return problem(
        400,
        "Cannot read the header Host: it must be a name or an address, with or without a port",
      );
    }
    if (!this.#allows(host.toLowerCase())) {
      return problem(421, "Cannot respond for this Host: it is not one of the allowed hosts");
    }
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(host);
    return undefined;
  }

  /** Whether a request had exactly this `Host`, and was not refused. */
  knows(host: string): boolean {
    return this.#known.has(host);
  }

  /** For an app that is mounted in another one. */
  readonly middleware: MiddlewareHandler = async (c, next) => {
    return this.refusal(c.req.raw) ?? await next();
  };

  #allows(host: string): boolean {
    const allowed = this.#allowed;
    return allowed.size === 0 || allowed.has(host) || allowed.has(host.replace(/:\d+$/, ""));
  }
}

const MAX_KNOWN = 100;

/**
 * Checks requests before an app reads their URL. Only for an app that is served as it is.
 *
 * @param app The app.
 * @param check The check.
 * @param accessLog Receives an entry for each request that is refused.
 */
export function addHostCheck(
  app: Hono,
  check: HostCheck,
  accessLog?: (entry: AccessLogEntry) => void,
): void {
  const dispatch = app.fetch;
  app.fetch = (request, env, context) => {
    const refused = check.refusal(request);
    if (refused === undefined) return dispatch(request, env, context);
    if (accessLog !== undefined) {
      const entry = refusedEntry(request, refused.status);
      refused.headers.set("x-request-id", entry.id);
      accessLog(entry);
    }
    return refused;
  };
}

// The URL of such a request may be malformed, or have a path of the Host's choice.
function refusedEntry({ method, url }: Request, status: number): AccessLogEntry {
  // Bun leaves out a host that it cannot use.
  const [, path = ""] = /^(?:[a-z+]+:\/\/[^/]*)?([^?#]*)/.exec(url) ?? [];
  const id = crypto.randomUUID();
  return { time: new Date().toISOString(), id, method, path, status, durationMs: 0 };
}
