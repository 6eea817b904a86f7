/** Share of the steps in which the learning rate rises. */
const WARM_UP = 0.03;
/** The last learning rate over the largest. */
const FLOOR = 0.01;

/**
 * The factor of the learning rate at a step: it rises linearly, then falls along half a cosine.
 * @param step counted from 0
 * @see Loshchilov and Hutter 2017 (SGDR), without restarts
 */
export function rateFactor(step: number, steps: number): number {
  const warm = Math.max(1, Math.round(WARM_UP * steps));
  if (step < warm) return (step + 1) / warm;
  const share = (step - warm) / Math.max(1, steps - warm);
  return FLOOR + ((1 - FLOOR) * (1 + Math.cos(Math.PI * share))) / 2;
}
