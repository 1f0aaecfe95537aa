const LONGEST = 60;

/**
 * Writes a value that was found, for "received ...".
 *
 * @param value Any value.
 * @returns Text in quotes, shortened if it is long; numbers and words as they are; the kind of anything else.
 */
export function describeValue(value: unknown): string {
  if (typeof value === "string") {
    const characters = [...value];
    if (characters.length <= LONGEST) return JSON.stringify(value);
    return `${JSON.stringify(characters.slice(0, LONGEST).join(""))} and ` +
      `${characters.length - LONGEST} characters more`;
  }
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null) return describeKind(value);
  return typeof value === "function" ? "a function" : String(value);
}

/**
 * Names the kind of a value, without showing anything of it.
 *
 * @param value Any value.
 * @returns Such as "a list".
 */
export function describeKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
