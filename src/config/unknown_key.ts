import { closest } from "../check_options.ts";
import { ConfigFault, type Path } from "./config_fault.ts";

// The two words for one thing: ContainerPilot's in its file, Piloted's in code.
const OTHER_WORDS: Readonly<Record<string, string>> = { dc: "datacenter", datacenter: "dc" };

/**
 * The hint for a key that is not known.
 *
 * @param key The key.
 * @param known Keys that would be right.
 * @returns Such as `, did you mean "watches"`; `""` when none of the keys is close.
 */
export function didYouMean(key: string, known: readonly string[]): string {
  const other = Object.hasOwn(OTHER_WORDS, key) ? OTHER_WORDS[key]! : "";
  const meant = known.includes(other) ? other : closest(key, candidates(key, known));
  return meant === undefined ? "" : `, did you mean ${JSON.stringify(meant)}`;
}

// With two or three letters everything is close to everything: only the case may differ.
function candidates(key: string, known: readonly string[]): readonly string[] {
  if (key.length > 3) return known;
  return known.filter((name) => name.toLowerCase() === key.toLowerCase());
}

/**
 * What is wrong with a key that is not known, for a fault.
 *
 * @param key The key.
 * @param known Keys that would be right, one at least.
 * @returns Text to be read after the path.
 */
export function unknownKeyProblem(key: string, known: readonly string[]): string {
  const list = known.length === 1
    ? known[0]!
    : `${known.slice(0, -1).join(", ")} and ${known.at(-1)!}`;
  return `is not known here${didYouMean(key, known)} (the keys are ${list})`;
}

/**
 * Refuses keys that are not known.
 *
 * @param unknown Paths of the keys.
 * @param known Keys that would be right.
 * @throws {ConfigFault} for the first of them.
 */
export function refuseUnknown(unknown: readonly Path[], known: readonly string[]): void {
  for (const path of unknown) {
    throw new ConfigFault({ path, key: true }, unknownKeyProblem(String(path.at(-1)), known));
  }
}
