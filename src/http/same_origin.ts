/**
 * Whether a request comes from a page of another origin.
 *
 * @module
 */

/**
 * Tells requests of other sites' pages from those of own pages and of programs. Behind a proxy that
 * rewrites `Host`, `Sec-Fetch-Site` or `X-Forwarded-Host` tells: a page can set neither, since the
 * first is the browser's own and the second needs a preflight request.
 *
 * @param header Reads a header of the request.
 * @returns Whether to refuse it where it changes something.
 */
export function isCrossOrigin(header: (name: string) => string | undefined): boolean {
  const site = header("sec-fetch-site");
  // Sent to https and to loopback only, so without it the origin has to tell.
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = header("origin");
  if (origin === undefined) return false;
  const page = parse(origin);
  if (page === undefined) return true;
  // With several proxies the first entry is the one that the browser asked.
  const forwarded = header("x-forwarded-host")?.replace(/,.*/, "").trim();
  return ![header("host"), forwarded].some((host) =>
    host !== undefined && parse(`${page.protocol}//${host}`)?.host === page.host
  );
}

function parse(url: string): URL | undefined {
  try {
    const parsed = new URL(url);
    return parsed.host === "" ? undefined : parsed;
  } catch {
    return undefined;
  }
}
