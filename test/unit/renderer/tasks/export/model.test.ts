import { describe, expect, it } from 'vitest';
import {
  baseName,
  exportProblem,
  fileNames,
  inTheWay,
  suggestedName,
} from '../../../../../renderer/tasks/export/model.ts';

const FORM = { name: 'net-int8', model: true, recipe: true, report: false, directory: '/out' };

describe('suggestedName', () => {
  it('is made of model and trial, in characters that every file system takes', () => {
    expect(suggestedName('ResNet 20.onnx', 'Prune 40 % + int8', false)).toBe('resnet-20-prune-40-int8');
    expect(suggestedName('net.onnx', 'Baseline', true)).toBe('net');
    expect(suggestedName('.onnx', '//', false)).toBe('model');
  });
});

describe('exportProblem', () => {
  it('passes a good form', () => {
    expect(exportProblem(FORM)).toBeNull();
  });

  it('says what is wrong', () => {
    expect(exportProblem({ ...FORM, name: ' ' })).toContain('name');
    expect(exportProblem({ ...FORM, name: '../x' })).toContain('must not contain');
    expect(exportProblem({ ...FORM, model: false, recipe: false })).toContain('Choose');
  });
});

describe('fileNames', () => {
  it('names what is chosen, without doubling the extension', () => {
    expect(fileNames({ ...FORM, name: 'net.onnx', report: true })).toEqual([
      'net.onnx',
      'net.recipe.json',
      'net.report.html',
    ]);
  });

  it('finds those that are there already', () => {
    expect(inTheWay(FORM, [{ name: 'net-int8.recipe.json' }, { name: 'other' }])).toEqual(['net-int8.recipe.json']);
  });
});

describe('baseName', () => {
  it('takes both kinds of separators', () => {
    expect([baseName('/a/b.onnx'), baseName('C:\\a\\b.onnx'), baseName('b')]).toEqual(['b.onnx', 'b.onnx', 'b']);
  });
});
