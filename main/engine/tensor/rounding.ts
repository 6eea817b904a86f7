/** Rounds to the nearest integer, halves to the even one: 0.5 → 0, 1.5 → 2, −2.5 → −2. As ONNX's Round and QuantizeLinear do. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
