/**
 * Hashing for placement, not for secrets.
 *
 * @module
 */

/**
 * Hashes a text: FNV-1a over its UTF-16 code units, mixed.
 *
 * @param text The text.
 * @returns An integer of 32 bits, signed.
 */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/**
 * The finalizer of MurmurHash3: every bit of the input changes about half of the output's.
 *
 * @param value A 32-bit integer.
 * @returns An integer of 32 bits, signed.
 */
export function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
