/**
 * URLs whose host is the name of a service.
 *
 * @module
 */

/**
 * Index of the host of a URL, if it is an `http:` or `https:` URL in the usual spelling.
 *
 * @param url The URL.
 * @returns The index, -1 for any other text.
 */
export function hostStart(url: string): number {
  if (url.startsWith("http://")) return 7;
  return url.startsWith("https://") ? 8 : -1;
}

/**
 * Index after the host of a URL, if the host is plain and has no port.
 *
 * @param url The URL.
 * @param start Index of its host.
 * @returns The index, -1 when a parser has to decide.
 */
export function hostEnd(url: string, start: number): number {
  let end = start;
  for (; end < url.length; end++) {
    const code = url.charCodeAt(end);
    // a-z A-Z 0-9 - . _
    const plain = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) ||
      (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 95;
    if (plain) continue;
    // / ? #
    if (code === 47 || code === 63 || code === 35) break;
    return -1;
  }
  return end > start ? end : -1;
}

/**
 * Normalizes a URL in an unusual spelling.
 *
 * @param url The URL, such as ` HTTP:\\customers:80`.
 * @param isService Whether a host is a service.
 * @returns The URL; `undefined` if its host is no service: not HTTP, or no URL.
 * @throws {TypeError} when it has a user name or password, as the platform's fetch does, or a port, which
 * the endpoints of a service have themselves.
 */
export function plainUrl(url: string, isService: (host: string) => boolean): string | undefined {
  const parsed = parse(url);
  if (parsed === undefined) return undefined;
  const { protocol, hostname, port, username, password, href } = parsed;
  if ((protocol !== "http:" && protocol !== "https:") || !isService(hostname)) return undefined;
  if (port !== "") {
    throw new TypeError(
      `Cannot fetch from ${hostname}:${port}: ${hostname} is a watched service, and each of its ` +
        `endpoints has its own port; leave out :${port}`,
    );
  }
  if (username === "" && password === "") return href;
  throw new TypeError("Cannot fetch: the URL has a user name or password; send them in a header");
}

// Not URL.canParse(): Node 20's refuses any host beyond ASCII once it was called often enough.
function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
