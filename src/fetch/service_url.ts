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
 * @returns The URL; `undefined` if its host cannot be a service: not HTTP, with a port, or no URL.
 * @throws {TypeError} when it has a user name or password, as the platform's fetch does.
 */
export function plainUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, port, username, password, href } = new URL(url);
  if ((protocol !== "http:" && protocol !== "https:") || port !== "") return undefined;
  if (username === "" && password === "") return href;
  throw new TypeError("Cannot fetch: the URL has a user name or password; send them in a header");
}
