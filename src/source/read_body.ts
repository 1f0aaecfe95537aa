/**
 * Response bodies with a limit.
 *
 * @module
 */

/**
 * Reads a body as text and gives up as soon as it is larger than allowed.
 *
 * @param response The response; its body is consumed, or cancelled when it is too large.
 * @param limitBytes The largest body that is taken, after decompression.
 * @returns The text, or `undefined` when the body is larger.
 * @throws What the runtime says when the body breaks off.
 */
export async function readBody(
  response: Response,
  limitBytes: number,
): Promise<string | undefined> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limitBytes) {
      // Not awaited: a peer that goes on sending must not hold us.
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
