/// <reference lib="esnext.float16" />
/**
 * 16-bit floats. Storage is little-endian, as is every machine that ONNX Runtime runs on. float16 conversion is the
 * platform's own `Float16Array`: round half to even, subnormals and infinities included (checked bit by bit in the tests).
 */

/** Decodes IEEE binary16 bit patterns; exact. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  return new Float32Array(new Float16Array(bits.buffer as ArrayBuffer, bits.byteOffset, bits.length));
}

/** Rounds to IEEE binary16, half to even; magnitudes from 65520 on become ±Inf. */
export function float32ToFloat16(values: ArrayLike<number>): Uint16Array {
  return new Uint16Array(new Float16Array(values).buffer);
}

/** Decodes bfloat16 bit patterns (the upper half of a float32); exact. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}

/** Rounds to bfloat16, half to even; NaN stays NaN. */
export function float32ToBfloat16(values: ArrayLike<number>): Uint16Array {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const bits = new Uint16Array(floats.length);
  for (let i = 0; i < bits.length; i++) {
    const word = words[i]!;
    // A NaN whose payload lies in the lower half would round to Inf: set the quiet bit instead.
    if ((word & 0x7fffffff) > 0x7f800000) bits[i] = (word >>> 16) | 0x40;
    else bits[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}
