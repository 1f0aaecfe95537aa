/**
 * How a Consul agent reads the path of a request.
 *
 * @module
 */
import { Refusal } from "./refusal.ts";

/**
 * Decodes a path and refuses what Go's HTTP server and Consul refuse before any route.
 *
 * @param url The request's URL.
 * @returns The decoded path.
 * @throws {Refusal} 400 when it can't be decoded or holds something that can't be printed; 301 to
 * the cleaned path when it holds `//`, `.` or `..`, encoded or not.
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
  // What unicode.IsPrint of Go says no to.
  if (/\p{C}|(?! )\p{Z}/u.test(path)) throw new Refusal(400, "");
  const clean = cleanPath(path);
  if (clean !== path) throw redirect(`${encodeURI(clean)}${url.search}`);
  return path;
}

/**
 * Sends the client elsewhere, as Go's HTTP server does.
 *
 * @param location Where to, encoded.
 * @returns The refusal.
 */
export function redirect(location: string): Refusal {
  return new Refusal(301, `<a href="${location}">Moved Permanently</a>.\n\n`, {
    "Content-Type": "text/html; charset=utf-8",
    Location: location,
  });
}

// `cleanPath` of Go's net/http: path.Clean, but a slash at the end stays.
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const clean = `/${parts.join("/")}`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}
