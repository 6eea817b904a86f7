import { z } from 'zod';
import { LAYER_CATEGORIES } from './layer-words.ts';

export const operatorCategorySchema = z.enum(LAYER_CATEGORIES);
