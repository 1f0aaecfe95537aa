/**
 * Polls a condition that cannot be awaited, such as the state of another process.
 *
 * @param condition Called until it returns `true`; a rejection counts as `false`.
 * @param timeoutMs Maximum time in milliseconds. @default {30_000}
 * @param everyMs Milliseconds between two calls. @default {20}
 * @throws {Error} when the time is over, with the last rejection as its cause.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
  everyMs = 20,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) {
      throw new Error(`Condition not met within ${timeoutMs} ms${cause ? `: ${cause}` : ""}`, {
        cause,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
