/**
 * Random numbers for the hot path.
 *
 * @module
 */

/**
 * Marsaglia's xorshift128 ("Xorshift RNGs"), seeded from another generator. On V8 every
 * `Math.random()` makes a number object and takes longer than a pick should; this makes none.
 */
export class RandomBits {
  readonly #state = new Int32Array(4);

  /**
   * Makes a generator.
   *
   * @param random Random numbers in [0, 1); asked for four.
   */
  constructor(random: () => number) {
    for (let i = 0; i < 4; i++) this.#state[i] = random() * 2 ** 32;
    // A state of zeros would stay one.
    this.#state[0]! |= 1;
  }

  /**
   * Draws from a range.
   *
   * @param end End of the range, at most 2^32.
   * @returns A number in [0, end), as many bits after the point as are left of 32.
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
