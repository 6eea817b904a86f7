/** The pure view model of the Export task: file names, what is wrong with the form, which files will be written. */

/** What is to be exported. */
export interface ExportForm {
  /** Without extension. */
  readonly name: string;
  readonly model: boolean;
  readonly recipe: boolean;
  readonly report: boolean;
  /** Folder on the engine's machine; null: the files are offered as downloads. */
  readonly directory: string | null;
}

/** A file name made of a model's and a trial's name: letters, digits, dots and dashes. */
export function suggestedName(modelName: string, trialName: string, baseline: boolean): string {
  const stem = modelName.replace(/\.onnx$/iu, '');
  const raw = baseline ? stem : `${stem}-${trialName}`;
  return (
    raw
      .toLowerCase()
      .replace(/%/gu, '')
      .replace(/[^\p{L}\p{N}._]+/gu, '-')
      .replace(/-+/gu, '-')
      .replace(/^[-.]+|[-.]+$/gu, '') || 'model'
  );
}

/** What keeps the form from being exported, as said to people; null when nothing does. */
export function exportProblem(form: ExportForm): string | null {
  const name = form.name.trim().replace(/\.onnx$/iu, '');
  if (name === '') return 'Give the files a name.';
  if (/[<>:"|?*\\/\0]/u.test(name)) return 'The name must not contain < > : " | ? * / or \\.';
  if (!form.model && !form.recipe && !form.report) return 'Choose the model, the recipe or the report.';
  return null;
}

/** Names of the files that the form stands for, in the order of writing. */
export function fileNames(form: ExportForm): string[] {
  const name = form.name.trim().replace(/\.onnx$/iu, '');
  return [
    ...(form.model ? [`${name}.onnx`] : []),
    ...(form.recipe ? [`${name}.recipe.json`] : []),
    ...(form.report ? [`${name}.report.html`] : []),
  ];
}

/** Those of the files that a folder has already. */
export function inTheWay(form: ExportForm, entries: readonly { readonly name: string }[]): string[] {
  const taken = new Set(entries.map((entry) => entry.name));
  return fileNames(form).filter((name) => taken.has(name));
}

/** The last part of a path, of either kind of system. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
