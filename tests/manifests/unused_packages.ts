/** Packages that a manifest names and nothing needs. */

/**
 * Finds names in a manifest that nothing imports.
 *
 * @param named What the manifest names: packages, or what is mapped to them.
 * @param imported Specifiers that files import: `hono/jsx` needs `hono`.
 * @param otherwise What is needed without being imported.
 * @returns Names that nothing needs.
 */
export function unusedPackages(
  named: readonly string[],
  imported: ReadonlySet<string>,
  otherwise: ReadonlySet<string> = new Set(),
): string[] {
  const below = (name: string) =>
    [...imported].some((specifier) => specifier.startsWith(`${name}/`));
  return named.filter((name) => !imported.has(name) && !otherwise.has(name) && !below(name));
}
