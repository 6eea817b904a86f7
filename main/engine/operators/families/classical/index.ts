/** Models of other kinds than networks, and what prepares their features: trees, linear models, encoders (ai.onnx.ml). */
import { tensorFacts } from '../../facts.ts';
import { defineOperators } from '../../spec.ts';
import { linearMacs, supportVectorMacs } from './cost.ts';
import {
  inferArrayFeatures,
  inferCastMap,
  inferCategories,
  inferDictionary,
  inferFeatures,
  inferFloats,
  inferLabels,
  inferLinearClassifier,
  inferOneHotCategories,
  inferRegressor,
  inferSvmClassifier,
  inferSvmRegressor,
  inferTreeClassifier,
  inferTrees,
  inferZipMap,
} from './shape.ts';

const feature = { category: 'tensor', inputs: ['X'] } as const;
/** Their numbers stand in attributes. */
const predictor = {
  category: 'layer',
  inputs: ['X'],
  gradient: { blocks: 'keeps its numbers in attributes' },
} as const;
const trees = { ...predictor, gradient: { stops: 'is flat between its thresholds' } } as const;
const maps = { ...feature, gradient: { stops: 'reads maps of keys to values' } } as const;
const scaled = {
  category: 'normalization',
  inputs: ['X'],
  gradient: { blocks: 'keeps its numbers in attributes' },
} as const;
const codes = { ...feature, gradient: { stops: 'maps values to codes' } } as const;

export const classicalOperators = defineOperators('ai.onnx.ml', {
  ArrayFeatureExtractor: {
    category: 'tensor',
    inputs: ['X', 'Y'],
    settings: [1],
    gradient: { blocks: 'prepares features for models of other kinds' },
    infer: inferArrayFeatures,
  },
  Binarizer: {
    ...feature,
    gradient: { stops: 'is flat almost everywhere' },
    infer: (context) => [tensorFacts(context.dtype(0), context.shape(0))],
  },
  Imputer: {
    ...feature,
    gradient: { blocks: 'prepares features for models of other kinds' },
    infer: (context) => [tensorFacts(context.dtype(0), context.shape(0))],
  },
  CastMap: { ...maps, infer: inferCastMap },
  CategoryMapper: { ...codes, infer: inferCategories },
  DictVectorizer: { ...maps, infer: inferDictionary },
  FeatureVectorizer: {
    ...feature,
    gradient: { blocks: 'prepares features for models of other kinds' },
    variadic: true,
    infer: inferFeatures,
  },
  LabelEncoder: { ...codes, infer: inferLabels },
  OneHotEncoder: { ...codes, infer: inferOneHotCategories },
  Normalizer: { ...scaled, infer: inferFloats },
  Scaler: { ...scaled, infer: inferFloats },
  ZipMap: { category: 'other', inputs: ['X'], gradient: { stops: 'makes maps of keys to values' }, infer: inferZipMap },
  LinearClassifier: { ...predictor, infer: inferLinearClassifier, macs: linearMacs },
  LinearRegressor: { ...predictor, infer: inferRegressor('targets'), macs: linearMacs },
  SVMClassifier: { ...predictor, infer: inferSvmClassifier, macs: supportVectorMacs },
  SVMRegressor: { ...predictor, infer: inferSvmRegressor, macs: supportVectorMacs },
  TreeEnsemble: { ...trees, infer: inferTrees },
  TreeEnsembleClassifier: { ...trees, infer: inferTreeClassifier },
  TreeEnsembleRegressor: { ...trees, infer: inferRegressor('n_targets') },
});
