/** How an image lies in memory: sizes, and the distance between neighbours along each axis, in elements. */
export interface ImageLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Steps from one channel, row and column to the next. */
  readonly steps: { readonly channel: number; readonly row: number; readonly column: number };
}

type Dim = number | string | null;

/** Dimensions of a model's input without the batch, read as an image; symbolic sizes are null. */
export interface ImageTarget {
  readonly order: 'chw' | 'hwc' | 'hw';
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: number;
}

const isChannelCount = (dim: Dim | undefined): dim is number => dim === 1 || dim === 3 || dim === 4;
const sized = (dim: Dim | undefined): number | null => (typeof dim === 'number' ? dim : null);

/**
 * Reads a shape as an image's.
 * @param dims  without the batch
 * @param given the user's word on it, which decides where both orders are possible
 * @returns undefined when it is none
 */
export function imageTarget(dims: readonly Dim[], given: 'auto' | 'nchw' | 'nhwc'): ImageTarget | undefined {
  if (dims.length === 2) return { order: 'hw', height: sized(dims[0]), width: sized(dims[1]), channels: 1 };
  if (dims.length !== 3) return undefined;
  const [a, b, c] = dims;
  const order = given === 'auto' ? (isChannelCount(a) ? 'nchw' : 'nhwc') : given;
  const channels = order === 'nchw' ? a : c;
  if (typeof channels !== 'number') return undefined;
  if (given === 'auto' && !isChannelCount(channels)) return undefined;
  return order === 'nchw'
    ? { order: 'chw', height: sized(b), width: sized(c), channels }
    : { order: 'hwc', height: sized(a), width: sized(b), channels };
}

/** Steps of an image of this order; `hw` is one with a single channel. */
export function imageLayout(
  order: ImageTarget['order'],
  { height, width, channels }: { height: number; width: number; channels: number },
): ImageLayout {
  const steps =
    order === 'hwc'
      ? { channel: 1, row: width * channels, column: channels }
      : { channel: height * width, row: width, column: 1 };
  return { height, width, channels, steps };
}

const fits = (size: number | null, got: number): boolean => size === null || size === got;

/**
 * Reads the shape of a stored sample as an image that fits the target: of the possible readings the one with the target's
 * size, else the one in the target's order.
 * @param dims without the samples
 */
export function sourceLayout(dims: readonly number[], target: ImageTarget): ImageLayout | undefined {
  const [a = 0, b = 0, c = 0] = dims;
  const readings: { order: ImageTarget['order']; height: number; width: number; channels: number }[] = [];
  if (dims.length === 2) readings.push({ order: 'hw', height: a, width: b, channels: 1 });
  if (dims.length === 3 && (isChannelCount(a) || a === target.channels)) {
    readings.push({ order: 'chw', height: b, width: c, channels: a });
  }
  if (dims.length === 3 && (isChannelCount(c) || c === target.channels)) {
    readings.push({ order: 'hwc', height: a, width: b, channels: c });
  }
  if (dims.length === 1 && target.height !== null && target.width !== null) {
    const { order, height, width, channels } = target;
    if (a === height * width * channels) readings.push({ order, height, width, channels });
  }
  const fitting = readings.filter(({ height, width }) => fits(target.height, height) && fits(target.width, width));
  const best =
    fitting.find(({ order, channels }) => order === target.order && channels === target.channels) ??
    fitting.find(({ channels }) => channels === target.channels) ??
    fitting[0];
  return best === undefined ? undefined : imageLayout(best.order, best);
}
