/**
 * Runs several things at the same time, a few at once.
 *
 * @module
 */

/**
 * Runs a function for each item, at most so many at the same time, in the order of the items.
 *
 * @param limit How many may run at the same time.
 * @param items What to run it for.
 * @param run Runs it for one.
 * @returns Their results in the order of the items.
 * @throws What a run rejects with; runs that have begun go on, no other begins.
 */
export async function sideBySide<T, R>(
  limit: number,
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await run(items[index]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
