/**
 * Waits for something that can only be asked for, such as the state of another process.
 *
 * @param condition Asked until it says `true`; a rejection counts as `false`.
 * @param timeoutMs How long to ask. @default {30_000}
 * @param everyMs Milliseconds between two questions. @default {20}
 * @throws {Error} with the last rejection as its cause when the time is over.
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
      throw new Error(`Not so within ${timeoutMs} ms${cause ? `: ${cause}` : ""}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
