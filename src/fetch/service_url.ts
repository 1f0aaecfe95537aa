/**
 * URLs whose host is the name of a service.
 *
 * @module
 */

/**
 * Where the host of a URL begins, if it is an `http:` or `https:` URL as most are written.
 *
 * @param url The URL.
 * @returns An index, -1 for any other text.
 */
export function hostStart(url: string): number {
  if (url.startsWith("http://")) return 7;
  return url.startsWith("https://") ? 8 : -1;
}

/**
 * Where the host of a URL ends, if it is followed by neither a port nor anything odd.
 *
 * @param url The URL.
 * @param start Where its host begins.
 * @returns An index, -1 where only a parser can tell.
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
 * Writes an oddly written URL as most are written.
 *
 * @param url The URL, such as ` HTTP:\\customers:80`.
 * @returns The URL, `undefined` where it can't be a service's: not `http:`, with a port, or no URL.
 * @throws {TypeError} when it has a user name or password, which the platform's fetch refuses too.
 */
export function plainUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, port, username, password, href } = new URL(url);
  if ((protocol !== "http:" && protocol !== "https:") || port !== "") return undefined;
  if (username === "" && password === "") return href;
  throw new TypeError("Cannot fetch: the URL has a user name or password");
}
