/**
 * Random numbers that are the same in every run.
 *
 * @module
 */

/**
 * Makes a generator: "sfc32" of PractRand, by Chris Doty-Humphrey.
 *
 * @param seed Equal seeds give equal numbers.
 * @returns Gives numbers in [0, 1) with 32 random bits.
 */
export function seededRandom(seed: number): () => number {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed | 0, 1];
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Draws from the exponential distribution with that mean. */
export function exponential(random: () => number, mean: number): number {
  return -mean * Math.log(1 - random());
}

/** Draws from the normal distribution (Box and Muller). */
export function normal(random: () => number, mean: number, deviation: number): number {
  return mean + deviation * Math.sqrt(exponential(random, 2)) * Math.cos(2 * Math.PI * random());
}
