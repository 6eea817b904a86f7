/**
 * Training in plain TypeScript and double precision, written down layer by layer from the textbook and independent of the
 * engine: what training graphs are compared with.
 */

/** A layer's parameters and how it computes forwards and backwards; values are [samples][elements]. */
interface ReferenceLayer {
  readonly parameters: readonly Float64Array[];
  forward(x: Float64Array[]): Float64Array[];
  /** Adds to `gradients`, and gives the gradient of the input. */
  backward(
    x: Float64Array[],
    y: Float64Array[],
    dy: Float64Array[],
    gradients: readonly Float64Array[],
  ): Float64Array[];
}

/** y = W·x + b, W [outputs, inputs]. */
export function dense(weight: Float64Array, bias: Float64Array): ReferenceLayer {
  const outputs = bias.length;
  const inputs = weight.length / outputs;
  return {
    parameters: [weight, bias],
    forward: (x) =>
      x.map((row) =>
        Float64Array.from(bias, (b, o) => row.reduce((sum, v, i) => sum + v * weight[o * inputs + i]!, b)),
      ),
    backward: (x, _, dy, [dWeight, dBias]) =>
      x.map((row, n) => {
        const dx = new Float64Array(inputs);
        for (let o = 0; o < outputs; o++) {
          const slope = dy[n]![o]!;
          dBias![o]! += slope;
          for (let i = 0; i < inputs; i++) {
            dWeight![o * inputs + i]! += slope * row[i]!;
            dx[i]! += slope * weight[o * inputs + i]!;
          }
        }
        return dx;
      }),
  };
}

/** y = max(x, 0). */
export function relu(): ReferenceLayer {
  return {
    parameters: [],
    forward: (x) => x.map((row) => row.map((v) => Math.max(v, 0))),
    backward: (x, _, dy) => x.map((row, n) => row.map((v, i) => (v > 0 ? dy[n]![i]! : 0))),
  };
}

/** 2-D convolution, square kernel, data [channels, size, size]. */
export function convolution(
  weight: Float64Array,
  bias: Float64Array,
  shape: {
    readonly inputs: number;
    readonly size: number;
    readonly kernel: number;
    readonly stride: number;
    readonly pad: number;
  },
): ReferenceLayer {
  const { inputs, size, kernel, stride, pad } = shape;
  const outputs = bias.length;
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  /** Calls back with the places of output, weight and input of every product. */
  const products = (visit: (y: number, w: number, x: number, o: number) => void): void => {
    for (let o = 0; o < outputs; o++)
      for (let r = 0; r < out; r++)
        for (let c = 0; c < out; c++)
          for (let i = 0; i < inputs; i++)
            for (let kr = 0; kr < kernel; kr++)
              for (let kc = 0; kc < kernel; kc++) {
                const [row, column] = [r * stride + kr - pad, c * stride + kc - pad];
                if (row < 0 || column < 0 || row >= size || column >= size) continue;
                visit(
                  (o * out + r) * out + c,
                  ((o * inputs + i) * kernel + kr) * kernel + kc,
                  (i * size + row) * size + column,
                  o,
                );
              }
  };
  return {
    parameters: [weight, bias],
    forward: (x) =>
      x.map((row) => {
        const y = Float64Array.from({ length: outputs * out * out }, (_, at) => bias[Math.floor(at / (out * out))]!);
        products((to, w, from) => (y[to]! += weight[w]! * row[from]!));
        return y;
      }),
    backward: (x, _, dy, [dWeight, dBias]) =>
      x.map((row, n) => {
        const dx = new Float64Array(row.length);
        products((to, w, from) => {
          dWeight![w]! += dy[n]![to]! * row[from]!;
          dx[from]! += dy[n]![to]! * weight[w]!;
        });
        dy[n]!.forEach((slope, at) => (dBias![Math.floor(at / (out * out))]! += slope));
        return dx;
      }),
  };
}

/** The mean of each channel. */
export function averagePool(channels: number): ReferenceLayer {
  return {
    parameters: [],
    forward: (x) =>
      x.map((row) => {
        const places = row.length / channels;
        return Float64Array.from({ length: channels }, (_, c) =>
          row.subarray(c * places, (c + 1) * places).reduce((sum, v) => sum + v / places, 0),
        );
      }),
    backward: (x, _, dy) =>
      x.map((row, n) =>
        row.map((__, at) => (dy[n]![Math.floor((at * channels) / row.length)]! * channels) / row.length),
      ),
  };
}

/** Mean cross-entropy of logits, and its gradient. */
function crossEntropy(logits: Float64Array[], labels: readonly number[]): { loss: number; gradient: Float64Array[] } {
  let loss = 0;
  const gradient = logits.map((row, n) => {
    const top = Math.max(...row);
    const powers = row.map((v) => Math.exp(v - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    loss -= Math.log(powers[labels[n]!]! / sum) / logits.length;
    return powers.map((p, c) => (p / sum - (c === labels[n] ? 1 : 0)) / logits.length);
  });
  return { loss, gradient };
}

/** One step's loss and gradients, in the order of the layers' parameters. */
export function lossAndGradients(
  layers: readonly ReferenceLayer[],
  x: Float64Array[],
  labels: readonly number[],
): { loss: number; gradients: Float64Array[] } {
  const values = [x];
  for (const layer of layers) values.push(layer.forward(values.at(-1)!));
  const { loss, gradient } = crossEntropy(values.at(-1)!, labels);
  const gradients = layers.map(({ parameters }) => parameters.map(({ length }) => new Float64Array(length)));
  let dy = gradient;
  for (let at = layers.length - 1; at >= 0; at--) {
    dy = layers[at]!.backward(values[at]!, values[at + 1]!, dy, gradients[at]!);
  }
  return { loss, gradients: gradients.flat() };
}

/** Changes the parameters in place; `t` counts from 1. */
export type ReferenceOptimizer = (
  parameters: readonly Float64Array[],
  gradients: readonly Float64Array[],
  t: number,
) => void;

/** @see Kingma & Ba 2015, algorithm 1; with `apart` Loshchilov & Hutter 2019, algorithm 2 */
export function adam(rate: number, { decay = 0, apart = false } = {}): ReferenceOptimizer {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const moments = new Map<Float64Array, { m: Float64Array; v: Float64Array }>();
  return (parameters, gradients, t) =>
    parameters.forEach((w, p) => {
      const { m, v } = moments.get(w) ?? { m: new Float64Array(w.length), v: new Float64Array(w.length) };
      moments.set(w, { m, v });
      for (let i = 0; i < w.length; i++) {
        if (apart) w[i]! -= rate * decay * w[i]!;
        const g = gradients[p]![i]! + (apart ? 0 : decay * w[i]!);
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        w[i]! -= (rate * (m[i]! / (1 - beta1 ** t))) / (Math.sqrt(v[i]! / (1 - beta2 ** t)) + epsilon);
      }
    });
}

/** b = μb + g; w −= η·b, with Nesterov η·(g + μb). */
export function sgd(rate: number, { momentum = 0, nesterov = false, decay = 0 } = {}): ReferenceOptimizer {
  const velocity = new Map<Float64Array, Float64Array>();
  return (parameters, gradients) =>
    parameters.forEach((w, p) => {
      const b = velocity.get(w) ?? new Float64Array(w.length);
      velocity.set(w, b);
      for (let i = 0; i < w.length; i++) {
        const g = gradients[p]![i]! + decay * w[i]!;
        b[i] = momentum * b[i]! + g;
        w[i]! -= rate * (nesterov ? g + momentum * b[i]! : b[i]!);
      }
    });
}

/**
 * Matrices by Muon, all else by Adam with β₁ = 0.95.
 * @param columns of each parameter that is a matrix; null for the others
 */
export function muon(rate: number, columns: readonly (number | null)[]): ReferenceOptimizer {
  const beta = 0.95;
  const moments = new Map<Float64Array, { m: Float64Array; v: Float64Array }>();
  return (parameters, gradients, t) =>
    parameters.forEach((w, p) => {
      const { m, v } = moments.get(w) ?? { m: new Float64Array(w.length), v: new Float64Array(w.length) };
      moments.set(w, { m, v });
      const g = gradients[p]!;
      for (let i = 0; i < w.length; i++) {
        m[i] = beta * m[i]! + (1 - beta) * g[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * g[i]! ** 2;
      }
      const width = columns[p]!;
      if (width === null) {
        for (let i = 0; i < w.length; i++) {
          w[i]! -= (rate * (m[i]! / (1 - beta ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
        }
        return;
      }
      const direction = orthogonalized(
        m.map((value, i) => (1 - beta) * g[i]! + beta * value),
        width,
      );
      const length = 0.2 * Math.sqrt(Math.max(width, w.length / width));
      for (let i = 0; i < w.length; i++) w[i]! -= rate * length * direction[i]!;
    });
}

/** Five rounds of x ← 3.4445·x − 4.775·(x·xᵀ)·x + 2.0315·(x·xᵀ)²·x, from x = matrix/‖matrix‖, element by element. */
export function orthogonalized(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns;
  const norm = Math.hypot(...matrix);
  let x = matrix.map((value) => value / norm);
  const product = (a: Float64Array, b: (k: number, j: number) => number, width: number): Float64Array =>
    Float64Array.from({ length: rows * width }, (_, at) => {
      const [i, j] = [Math.floor(at / width), at % width];
      const inner = a.length / rows;
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[i * inner + k]! * b(k, j);
      return sum;
    });
  for (let round = 0; round < 5; round++) {
    const now = x;
    const gram = product(now, (k, j) => now[j * columns + k]!, rows);
    const cubed = product(gram, (k, j) => now[k * columns + j]!, columns);
    const fifth = product(gram, (k, j) => cubed[k * columns + j]!, columns);
    x = now.map((value, i) => 3.4445 * value - 4.775 * cubed[i]! + 2.0315 * fifth[i]!);
  }
  return x;
}
