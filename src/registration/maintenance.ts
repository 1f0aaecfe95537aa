/**
 * The maintenance that this process has enabled, as opposed to an operator's.
 *
 * @module
 */

// Consul keeps maintenance for the successor of a process, which has to know whose it is.
const MARK = " (set by Piloted)";

/**
 * The reason to send.
 *
 * @param reason The caller's; `undefined` for none.
 */
export function ownMaintenance(reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `${reason}${MARK}`;
}

/**
 * Whether Piloted has enabled it, in this process or in one before it.
 *
 * @param reason What Consul has as its reason.
 */
export function isOwnMaintenance(reason: string): boolean {
  return reason.endsWith(MARK);
}
