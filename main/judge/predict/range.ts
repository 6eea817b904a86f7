/** A number that is not certain. */
export interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
