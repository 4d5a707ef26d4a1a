/** The repair world's entities, names of functions and of files, split by hash. Knows nothing of code or tasks. */
import { hash32 } from '../../base/random.ts';
import type { Split } from '../environment.ts';

/** No word of JavaScript or of the phrases is among them. */
export const FUNCTION_NAMES = [
  'tax', 'fee', 'gap', 'rent', 'wage', 'toll', 'cost', 'area', 'mass', 'load', 'rate', 'age', 'rank', 'goal', 'luck',
  'heat', 'wind', 'rain', 'snow', 'tide', 'pace', 'lap', 'hop', 'jump', 'spin', 'mix', 'bake', 'melt', 'pack', 'ship',
  'post', 'loan', 'bet', 'bid', 'pot', 'tip', 'bill', 'debt', 'gift', 'prize', 'yard', 'mile', 'dose', 'beam', 'bolt',
  'gear', 'fuel', 'pump', 'tank', 'tire',
]; // prettier-ignore

export const FILE_STEMS = [
  'price', 'cart', 'shop', 'farm', 'game', 'team', 'road', 'boat', 'bank', 'club', 'camp', 'lake', 'park', 'zoo',
  'barn', 'dock', 'mill', 'mine', 'fort', 'city', 'town', 'moon', 'star', 'sky', 'sun', 'hill', 'reef', 'dune',
  'cave', 'pond',
]; // prettier-ignore

/** One entity in five is held out. */
export function splitOf(kind: string, entity: string): Split {
  return hash32('repair', kind, entity) % 5 === 0 ? 'heldout' : 'train';
}

const pool = (kind: string, entities: readonly string[], split: Split) =>
  entities.filter((entity) => splitOf(kind, entity) === split);

export const SPLIT_FUNCTIONS: Record<Split, string[]> = {
  train: pool('function', FUNCTION_NAMES, 'train'),
  heldout: pool('function', FUNCTION_NAMES, 'heldout'),
};
export const SPLIT_FILES: Record<Split, string[]> = {
  train: pool('file', FILE_STEMS, 'train'),
  heldout: pool('file', FILE_STEMS, 'heldout'),
};
