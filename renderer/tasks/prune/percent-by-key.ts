/**
 * Where a key moves a slider of per cent: arrows by 1 (with Shift by 0.1), Page keys by 5, Home and End to the ends; null for
 * other keys.
 */
export function percentByKey(
  percent: number,
  { key, fine }: { readonly key: string; readonly fine: boolean },
  { least, most }: { readonly least: number; readonly most: number },
): number | null {
  const step = fine ? 0.1 : 1;
  const to: Readonly<Record<string, number>> = {
    ArrowRight: percent + step,
    ArrowUp: percent + step,
    ArrowLeft: percent - step,
    ArrowDown: percent - step,
    PageUp: percent + 5,
    PageDown: percent - 5,
    Home: least,
    End: most,
  };
  const wanted = to[key];
  return wanted === undefined ? null : Math.round(Math.min(most, Math.max(least, wanted)) * 10) / 10;
}
