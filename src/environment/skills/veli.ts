/**
 * Veli, the second language: invented here, so that no data need be copied. Words only; an English word has one Veli
 * word. Its grammar of sentences is `translation.ts`, its questions are in `facts.ts`.
 */

export const VELI = {
  // Qualities, in pairs of opposites.
  hot: 'savo', cold: 'mirek', big: 'gora', small: 'pelu', old: 'tanu', young: 'vilo', fast: 'zuri', slow: 'domba',
  wet: 'lasku', dry: 'herin',
  // Colours.
  white: 'albo', green: 'yurta', red: 'ruma', blue: 'sinde', black: 'koro', yellow: 'jelma', brown: 'braku',
  grey: 'fisto',
  // Things.
  snow: 'nevi', grass: 'trosa', blood: 'sangi', sky: 'celu', coal: 'uglo', lemon: 'citra', chocolate: 'kakau',
  ash: 'pepla', oak: 'dubra', iron: 'feron', pear: 'grusha', rose: 'rozin', trout: 'forela',
  tree: 'arbu', metal: 'metu', fruit: 'plodo', flower: 'kveta', fish: 'ribano',
  // Who acts.
  cat: 'kavo', dog: 'husi', bird: 'pitka', horse: 'lonba', ant: 'mravi', spider: 'pauko', girl: 'nika', boy: 'bratu',
  king: 'rego', ship: 'navo',
  // What they do.
  sees: 'mire', hears: 'slusa', finds: 'trova', follows: 'sekva', likes: 'amika', carries: 'porta',
} as const; // prettier-ignore

export type Word = keyof typeof VELI;
