/**
 * Response bodies with a limit.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";

/**
 * Reads a body as text and gives up as soon as it is larger than allowed.
 *
 * @param response The response; its body is consumed, or cancelled when it is too large.
 * @param limitBytes The largest body that is taken, after decompression.
 * @returns The text.
 * @throws {PilotedError} `REGISTRY_RESPONSE` when the body is larger.
 */
export async function readBody(response: Response, limitBytes: number): Promise<string> {
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
      throw new PilotedError(
        "REGISTRY_RESPONSE",
        `Cannot read the answer: it is larger than ${limitBytes} bytes`,
        { status: response.status },
      );
    }
    text += decoder.decode(value, { stream: true });
  }
}
