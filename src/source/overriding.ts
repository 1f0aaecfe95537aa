/**
 * Services that are read from the configuration and not from the registry.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Source } from "./source.ts";

/** A service that is overridden. */
export interface Override {
  /** What overrides it, such as `$PILOTED_STATIC_CUSTOMERS`. */
  readonly origin: string;
  /** Its endpoints. */
  readonly endpoints: readonly Endpoint[];
}

/**
 * Answers reads of some services itself; all others, and everything else, go to a registry.
 *
 * @param registry Reads the registry.
 * @param overrides What is overridden, by the name of the service.
 * @returns A source with the same abilities.
 */
export function overriding(
  registry: Source,
  overrides: Readonly<Record<string, Override>>,
): Source {
  const byName = new Map(
    Object.entries(overrides).map(([name, override]) => [name.toLowerCase(), override]),
  );
  return {
    name: registry.name,
    ...registry.place !== undefined && { place: registry.place },
    read(query, options) {
      const override = byName.get(query.service.toLowerCase());
      if (override === undefined) return registry.read(query, options);
      return Promise.resolve({
        endpoints: override.endpoints,
        skipped: [],
        skippedCount: 0,
        position: undefined,
        freshness: {},
        // Somebody has decided it, so that no guard holds it back, however small it is.
        standing: { ageMs: 0, failure: undefined, isAccepted: true },
        override: override.origin,
      });
    },
    ...registry.summarize && { summarize: (options) => registry.summarize!(options) },
    ...registry.list && { list: (query, options) => registry.list!(query, options) },
    ...registry.isBehind && {
      isBehind: (position, known) => registry.isBehind!(position, known),
    },
  };
}
