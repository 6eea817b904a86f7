import type { Trial } from '../../../main/contract/studio.ts';
import { useShownTrial } from '../../state/session.ts';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';

/** The trial whose quantization is shown: the shown one where it is quantized, else the one that measured the draft. */
export function useQuantizedTrial(): Trial | null {
  const shown = useShownTrial();
  const measured = useDraftPrediction()?.measured ?? null;
  if (shown !== undefined && shown.quantize !== null) return shown;
  return measured?.quantize ? measured : null;
}
