import { Group, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DataForm } from './data-form.ts';

interface PreprocessingFieldsProps {
  readonly form: DataForm;
  readonly problems: Partial<Record<keyof DataForm, string>>;
  /** Changes what is the data's own. */
  readonly set: (patch: Partial<DataForm>) => void;
  /** Changes what a preset sets: it is an own preprocessing then. */
  readonly setFields: (patch: Partial<DataForm>) => void;
}

/** Every field of the preprocessing. */
export function PreprocessingFields({ form, problems, set, setFields }: PreprocessingFieldsProps): ReactNode {
  return (
    <Stack gap="xs">
      <TextInput
        label="Labels file"
        description="Only for IDX images and .npy files: where the labels are. Empty: found by name, or none."
        value={form.labelsPath}
        onChange={(event) => set({ labelsPath: event.currentTarget.value })}
      />
      <Group grow align="start" gap="xs">
        <TextInput
          label="Mean"
          description="For each channel, in units of x/255"
          placeholder="0.485, 0.456, 0.406"
          value={form.mean}
          error={problems.mean}
          onChange={(event) => setFields({ mean: event.currentTarget.value })}
        />
        <TextInput
          label="Standard deviation"
          description="For each channel, same units"
          placeholder="0.229, 0.224, 0.225"
          value={form.std}
          error={problems.std}
          onChange={(event) => setFields({ std: event.currentTarget.value })}
        />
      </Group>
      <Group grow align="start" gap="xs">
        <Select
          label="Fit"
          description="How images of another shape are brought to the input"
          value={form.letterbox?.align ?? 'cut'}
          data={[
            { value: 'cut', label: 'Stretched, or cropped after Resize' },
            { value: 'center', label: 'Letterbox, centred' },
            { value: 'corner', label: 'Letterbox, top left' },
          ]}
          onChange={(value) =>
            setFields({
              letterbox:
                value === 'center' || value === 'corner' ? { fill: form.letterbox?.fill ?? 114, align: value } : null,
            })
          }
        />
        <NumberInput
          label="Filled with"
          description="Grey around a letterbox, 0…255"
          value={form.letterbox?.fill ?? 114}
          min={0}
          max={255}
          disabled={form.letterbox === null}
          onChange={(value) =>
            typeof value === 'number' && form.letterbox && setFields({ letterbox: { ...form.letterbox, fill: value } })
          }
        />
      </Group>
      <Group grow align="start" gap="xs">
        <NumberInput
          label="Resize"
          description="Shorter side before the crop, px"
          placeholder="stretch to the input"
          value={form.resize ?? ''}
          min={1}
          allowDecimal={false}
          onChange={(value) => setFields({ resize: typeof value === 'number' ? value : null })}
        />
        <TextInput
          label="Scale"
          description="Of raw values; empty: 1/255 for 8-bit"
          placeholder="auto"
          value={form.scale}
          error={problems.scale}
          onChange={(event) => setFields({ scale: event.currentTarget.value })}
        />
      </Group>
      <Group grow align="start" gap="xs">
        <Select
          label="Channels"
          value={form.channels}
          data={['auto', 'rgb', 'bgr', 'gray']}
          onChange={(value) => value !== null && setFields({ channels: value as DataForm['channels'] })}
        />
        <Select
          label="Layout"
          value={form.layout}
          data={['auto', 'nchw', 'nhwc']}
          onChange={(value) => value !== null && set({ layout: value as DataForm['layout'] })}
        />
        <NumberInput
          label="Label offset"
          description="Added to every label: 1 where class 0 is the background"
          value={form.labelOffset}
          allowDecimal={false}
          onChange={(value) => set({ labelOffset: typeof value === 'number' ? value : 0 })}
        />
      </Group>
    </Stack>
  );
}
