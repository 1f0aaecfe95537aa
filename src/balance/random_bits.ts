/**
 * Random numbers for the hot path.
 *
 * @module
 */

/**
 * Marsaglia's xorshift128 ("Xorshift RNGs"), seeded from another generator. On V8 every
 * `Math.random()` allocates a number and takes longer than a pick should; this allocates nothing.
 */
export class RandomBits {
  readonly #state = new Int32Array(4);

  /**
   * @param random Random numbers in [0, 1); called four times.
   */
  constructor(random: () => number) {
    for (let i = 0; i < 4; i++) this.#state[i] = random() * 2 ** 32;
    // A state of all zeros would never change.
    this.#state[0]! |= 1;
  }

  /**
   * A random number of a range.
   *
   * @param end End of the range, at most 2^32.
   * @returns A number in [0, end) with a resolution of `end / 2^32`.
   */
  below(end: number): number {
    const state = this.#state;
    const last = state[3]!;
    let bits = state[0]!;
    bits ^= bits << 11;
    bits ^= (bits >>> 8) ^ last ^ (last >>> 19);
    state[0] = state[1]!;
    state[1] = state[2]!;
    state[2] = last;
    state[3] = bits;
    return (bits >>> 0) / 2 ** 32 * end;
  }
}
