/**
 * Decompresses a response, for the `fetch` of the embedded Consul.
 *
 * @module
 */

/**
 * Decompresses the body of a response and keeps its headers, as a `fetch` does.
 *
 * @param response The response.
 * @returns The response with a readable body.
 */
export function decompressed(response: Response): Response {
  const encoding = response.headers.get("Content-Encoding");
  if (encoding !== "gzip" && encoding !== "deflate") return response;
  const { status, headers, body } = response;
  return new Response(body?.pipeThrough(new DecompressionStream(encoding)), { status, headers });
}
