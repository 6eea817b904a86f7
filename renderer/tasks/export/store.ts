import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { Result } from '../../../main/contract/methods.ts';
import { engine } from '../../state/engine.ts';
import { keptAs } from '../../state/persist.ts';
import { createTaskStore } from '../../state/task.ts';
import { inTheWay } from './model.ts';
import type { ExportForm } from './model.ts';

/** The export that is going on. */
export const useExportTask = createTaskStore();

type ExportedFiles = Result<'trial.export'>['files'];

interface ExportUi {
  readonly model: boolean;
  readonly recipe: boolean;
  readonly report: boolean;
  /** Folder of the last export; null: downloads. */
  readonly directory: string | null;
  /** What the last export wrote, with the trial that it was of. */
  readonly done: { readonly trialId: string; readonly files: ExportedFiles } | null;
  /** Files that would be overwritten: the question that is open, or null. */
  readonly conflict: readonly string[] | null;
}

/** Choices of the Export task; what and where are kept over restarts. */
export const useExportUi = create<ExportUi>()(
  persist(
    (): ExportUi => ({ model: true, recipe: true, report: true, directory: null, done: null, conflict: null }),
    keptAs('export', {
      version: 1,
      keep: ({ model, recipe, report, directory }) => ({ model, recipe, report, directory }),
    }),
  ),
);

/** Asks before anything is overwritten, then exports. */
export async function startExport(trialId: string, form: ExportForm): Promise<void> {
  if (form.directory !== null) {
    const conflict = await filesInTheWay(form);
    if (conflict.length > 0) {
      useExportUi.setState({ conflict });
      return;
    }
  }
  await runExport(trialId, form, false);
}

/** Writes the files, all of them or none. */
export async function runExport(trialId: string, form: ExportForm, overwrite: boolean): Promise<void> {
  useExportUi.setState({ conflict: null, done: null });
  const { name, model, recipe, report, directory } = form;
  const params = { trialId, directory, name: name.trim(), model, recipe, report, overwrite };
  const result = await useExportTask.getState().run((handle) => engine().call('trial.export', params, handle));
  if (result !== null) useExportUi.setState({ done: { trialId, files: result.files } });
}

/** A folder that cannot be listed has nothing in the way: writing into it then says what is wrong. */
async function filesInTheWay(form: ExportForm): Promise<string[]> {
  try {
    const { entries } = await engine().call('fs.list', { path: form.directory });
    return inTheWay(form, entries);
  } catch {
    return [];
  }
}
