/**
 * Decodes the path of a request as a Consul agent does.
 *
 * @module
 */
import { Refusal } from "./refusal.ts";

/**
 * Decodes a path. Rejects the paths that Go's HTTP server and Consul reject before routing.
 *
 * @param url The request's URL.
 * @returns The decoded path.
 * @throws {Refusal} 400 when it cannot be decoded or contains an unprintable character; 301 to the
 * cleaned path when it contains `//`, `.` or `..`, encoded or not.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPath } from "./consul_path.ts";
 *
 * assertEquals(readPath(new URL("http://consul/v1/health/service/a%2Fb")), "/v1/health/service/a/b");
 * ```
 */
export function readPath(url: URL): string {
  if (/%(?![0-9a-f]{2})/i.test(url.pathname)) throw new Refusal(400, "400 Bad Request");
  const path = url.pathname.replace(
    /(%[0-9a-f]{2})+/gi,
    (bytes) =>
      new TextDecoder().decode(
        Uint8Array.from(bytes.slice(1).split("%"), (hex) => parseInt(hex, 16)),
      ),
  );
  // Characters for which Go's unicode.IsPrint returns false.
  if (/\p{C}|(?! )\p{Z}/u.test(path)) throw new Refusal(400, "");
  const clean = cleanPath(path);
  if (clean !== path) throw redirect(`${encodeURI(clean)}${url.search}`);
  return path;
}

/**
 * Creates a redirect, as Go's HTTP server does.
 *
 * @param location Encoded target.
 * @returns The redirect, to be thrown.
 */
export function redirect(location: string): Refusal {
  return new Refusal(301, `<a href="${location}">Moved Permanently</a>.\n\n`, {
    "Content-Type": "text/html; charset=utf-8",
    Location: location,
  });
}

// Like `cleanPath` of Go's net/http: path.Clean, except that a trailing slash is kept.
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const clean = `/${parts.join("/")}`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}
