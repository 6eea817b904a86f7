/** What decoded elements lie in. Elements of 64-bit integer types are bigint, all others number. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The arrays whose elements are bigint. */
export type BigNumericArray = BigInt64Array | BigUint64Array;

/** Whether the elements are bigint. */
export function isBigArray(values: NumericArray): values is BigNumericArray {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}
