import type { Preprocessing } from '../../main/contract/data.ts';
import type { PresetId } from '../../main/contract/preprocessing-presets.ts';
import { PRESET_TABLE } from '../../main/judge/preprocessing/presets.ts';

/** The fields of "Add data" as they are typed. */
export interface DataForm {
  readonly path: string;
  /** A name for how images are prepared; 'custom': the fields below say it; null: nothing was chosen, the guess holds. */
  readonly preset: PresetId | 'custom' | null;
  readonly letterbox: NonNullable<Preprocessing['letterbox']> | null;
  readonly labelsPath: string;
  /** Numbers separated by commas or spaces; empty: none. */
  readonly mean: string;
  readonly std: string;
  readonly resize: number | null;
  readonly scale: string;
  readonly channels: Preprocessing['channels'];
  readonly layout: Preprocessing['layout'];
  /** Added to every label of the data. */
  readonly labelOffset: number;
}

export const EMPTY_DATA_FORM: DataForm = {
  path: '',
  preset: null,
  letterbox: null,
  labelsPath: '',
  mean: '',
  std: '',
  resize: null,
  scale: '',
  channels: 'auto',
  layout: 'auto',
  labelOffset: 0,
};

/** What is to be asked of the engine, or what is wrong with the form, by field. */
export type CheckedForm =
  | {
      readonly ok: true;
      readonly source: { path: string; labelsPath: string | null; preprocessing: Partial<Preprocessing> };
    }
  | { readonly ok: false; readonly problems: Partial<Record<keyof DataForm, string>> };

/** Numbers of a list like "0.485, 0.456 0.406"; null when one of them is none. */
export function parseNumbers(text: string): number[] | null {
  const numbers = text
    .split(/[\s,;]+/u)
    .filter(Boolean)
    .map(Number);
  return numbers.every((value) => Number.isFinite(value)) ? numbers : null;
}

/** The form with the fields that a preset sets. */
export function withPreset(form: DataForm, preset: PresetId): DataForm {
  const { mean, std, resize, scale, channels, letterbox } = PRESET_TABLE[preset].values;
  return {
    ...form,
    mean: mean.join(', '),
    std: std.join(', '),
    scale: scale === null ? '' : String(scale),
    resize,
    channels,
    letterbox: letterbox ?? null,
  };
}

/** Checks the form and turns it into the engine's parameters. */
export function checkDataForm(form: DataForm): CheckedForm {
  const problems: Partial<Record<keyof DataForm, string>> = {};
  const mean = parseNumbers(form.mean);
  const std = parseNumbers(form.std);
  const scale = form.scale.trim() === '' ? null : Number(form.scale);
  if (form.path.trim() === '') problems.path = 'Name a file or a folder.';
  if (mean === null) problems.mean = 'Numbers, separated by commas.';
  if (std === null) problems.std = 'Numbers, separated by commas.';
  else if (std.some((value) => value <= 0)) problems.std = 'Each must be above 0.';
  if (mean && std && mean.length > 0 && std.length > 0 && mean.length !== std.length)
    problems.std = `Got ${std.length} for ${mean.length} means.`;
  if (scale !== null && !(Number.isFinite(scale) && scale > 0)) problems.scale = 'A number above 0.';
  if (mean === null || std === null || Object.keys(problems).length > 0) return { ok: false, problems };
  const { resize, channels, layout, labelOffset, letterbox } = form;
  const labelsPath = form.labelsPath.trim() === '' ? null : form.labelsPath.trim();
  return {
    ok: true,
    source: {
      path: form.path.trim(),
      labelsPath,
      preprocessing: {
        mean,
        std,
        resize,
        scale,
        channels,
        layout,
        labelOffset,
        ...(letterbox === null ? {} : { letterbox }),
      },
    },
  };
}

/** How a data set's preprocessing reads in one line; empty when everything is left to the model's input. */
export function describePreprocessing(preprocessing: Preprocessing): string {
  const parts: string[] = [];
  const { letterbox } = preprocessing;
  if (letterbox !== undefined)
    parts.push(`letterbox ${letterbox.fill}${letterbox.align === 'corner' ? ', top left' : ''}`);
  if (preprocessing.resize !== null) parts.push(`resize ${preprocessing.resize} px`);
  if (preprocessing.scale !== null) parts.push(`× ${preprocessing.scale}`);
  if (preprocessing.mean.length > 0) parts.push(`mean ${preprocessing.mean.join(', ')}`);
  if (preprocessing.std.length > 0) parts.push(`std ${preprocessing.std.join(', ')}`);
  if (preprocessing.channels !== 'auto') parts.push(preprocessing.channels);
  if (preprocessing.layout !== 'auto') parts.push(preprocessing.layout);
  if (preprocessing.labelOffset !== 0)
    parts.push(`label ${preprocessing.labelOffset > 0 ? '+' : '−'}${Math.abs(preprocessing.labelOffset)}`);
  return parts.join(' · ');
}
