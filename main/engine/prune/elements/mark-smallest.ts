/**
 * Marks the `count` smallest of some scores, the earlier of equals first: quickselect, linear on average.
 * @param scores not modified
 * @param mark called with the place of each of them
 */
export function markSmallest(scores: Float64Array, count: number, mark: (at: number) => void): void {
  if (count <= 0) return;
  const threshold = nthSmallest(Float64Array.from(scores), count - 1);
  let ties = count;
  for (const score of scores) if (score < threshold) ties--;
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at]!;
    if (score < threshold) mark(at);
    else if (score === threshold && ties > 0) {
      mark(at);
      ties--;
    }
  }
}

/** The value that would stand at place `n` if they were sorted. Reorders them. */
function nthSmallest(values: Float64Array, n: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >>> 1]!;
    let [left, right] = [low, high];
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const swapped = values[left]!;
      values[left++] = values[right]!;
      values[right--] = swapped;
    }
    if (n <= right) high = right;
    else if (n >= left) low = left;
    else break;
  }
  return values[n]!;
}
