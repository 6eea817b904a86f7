import { Button, Checkbox, Group, Modal, NumberInput, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { saveBlob, saveText } from '../../state/download.ts';
import { tell } from '../../state/messages.ts';
import type { PictureLegend } from '../../viz/graph/draw-legend.ts';
import type { GraphCanvas } from '../../viz/graph/graph-canvas.ts';
import { pictureHeight, pngPicture, svgPicture, tooLarge } from '../../viz/graph/picture.ts';
import { textMeasure } from './drawn-graph.ts';

interface PictureDialogProps {
  readonly canvas: GraphCanvas;
  /** Of the file, without its ending. */
  readonly name: string;
  /** What its colours mean; null: nothing. */
  readonly legend: PictureLegend | null;
  readonly onClose: () => void;
}

const WIDTHS = { least: 100, first: 2400, most: 100_000 } as const;

/** Saves a graph as a picture: what is seen or all of it, as vectors or as pixels of any size. */
export function PictureDialog({ canvas, name, legend, onClose }: PictureDialogProps): ReactNode {
  const [format, setFormat] = useState<'svg' | 'png'>('svg');
  const [what, setWhat] = useState<'seen' | 'whole'>('seen');
  const [width, setWidth] = useState<number>(WIDTHS.first);
  const [withLegend, setWithLegend] = useState(true);
  const [busy, setBusy] = useState(false);
  const part = what === 'seen' ? canvas.seen : canvas.whole;
  const refusal = format === 'png' ? tooLarge({ part, width }) : null;
  const save = async (): Promise<void> => {
    setBusy(true);
    const order = {
      part,
      width,
      palette: canvas.palette,
      legend: withLegend ? legend : null,
      title: name,
      draw: canvas.drawPart,
    };
    try {
      if (format === 'svg') saveText(`${name}.svg`, svgPicture(order, textMeasure()), 'image/svg+xml');
      else saveBlob(`${name}.png`, await pngPicture(order));
      onClose();
    } catch (error) {
      tell(
        'error',
        'The picture could not be made',
        error instanceof Error ? `${error.message}. Choose a smaller one.` : '',
      );
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title="Save a picture of the graph" size="md">
      <Stack gap="sm">
        <SegmentedControl
          aria-label="Format"
          value={format}
          onChange={(value) => setFormat(value as typeof format)}
          data={[
            { value: 'svg', label: 'SVG (vectors)' },
            { value: 'png', label: 'PNG (pixels)' },
          ]}
        />
        <SegmentedControl
          aria-label="Part"
          value={what}
          onChange={(value) => setWhat(value as typeof what)}
          data={[
            { value: 'seen', label: 'What is seen' },
            { value: 'whole', label: 'The whole graph' },
          ]}
        />
        <NumberInput
          label="Width, pixels"
          description={`Height ${pictureHeight({ part, width }).toLocaleString('en')} follows.`}
          value={width}
          min={WIDTHS.least}
          max={WIDTHS.most}
          clampBehavior="blur"
          allowDecimal={false}
          error={refusal}
          onChange={(value) => typeof value === 'number' && value > 0 && setWidth(value)}
        />
        {legend !== null && (
          <Checkbox
            label="With the legend"
            checked={withLegend}
            onChange={(event) => setWithLegend(event.currentTarget.checked)}
          />
        )}
        <Text className="lap-muted" size="xs">
          Groups are drawn as they are now: open what is to be seen. Colours are those of the theme.
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={refusal !== null} loading={busy} onClick={() => void save()}>
            Save
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
