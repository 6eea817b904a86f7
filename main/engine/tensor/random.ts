/**
 * A seeded generator of uniform numbers in [0, 1) with 32 random bits each: the same seed gives the same numbers on every
 * machine and version.
 * @param seed any number; its lower 32 bits count
 * @see Chris Doty-Humphrey, PractRand: sfc32
 */
export function seededRandom(seed: number): () => number {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Neighbouring seeds give alike first numbers until the state is mixed.
  for (let i = 0; i < 15; i++) next();
  return () => next() / 4294967296;
}
