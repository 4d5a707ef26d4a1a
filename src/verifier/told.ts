/**
 * Whether two messages tell the same of a world: the same numbers, and the same names of files, folders and words in
 * files, or the same of the words that the world lists as its `facts`. Leaves out how it is put, and every claim that needs understanding: "3 lines added" for "3 lines removed"
 * tells the same here.
 */
import { isObject } from '../base/json.ts';
import type { Json } from '../base/json.ts';
import type { Sample, Verdict } from './verdict.ts';

/** What a right message earns that tells nothing to check: half of what a right call earns. */
export const UNCHECKED_REWARD = 0.5;

interface Told {
  numbers: string[];
  names: string[];
  isQuestion: boolean;
  isDenial: boolean;
}

/** A question tells nothing, and a denial the opposite. */
const DENIAL = /\b(?:no|not|none|nothing|never|cannot|sorry|unable|fail(?:s|ed)?|errors?)\b|n't\b/i;

/** Words that files may hold but that say nothing of them. */
const PROSE = new Set(
  `a an the it its is are was were be been has have had do does did done of in on at to for from by with and or as that
  this there here now then so i you he she we they my your can will all one first last file files folder folders line
  lines word words number name result answer see say says`.split(/\s+/),
);

/** 1 for a message that tells the same as the demonstrated one, half of that where it tells nothing, 0 for any other. */
export function toldVerdict({ expected, attempt, world }: Sample): Verdict {
  const difference = toldDifference(expected.content, attempt.action.content, world);
  if (difference) return { reward: 0, category: 'TOLD_DIFFERENT', reason: difference };
  return tellsAnything(expected.content, world)
    ? { reward: 1, category: 'SAME_TOLD', reason: 'The message tells the same numbers and names.' }
    : {
        reward: UNCHECKED_REWARD,
        category: 'EXPECTED_MESSAGE',
        reason: 'A message, as demonstrated, that tells nothing to check.',
      };
}

/** Whether the text tells a number or a name that could be checked. */
export function tellsAnything(text: string, world: Json | undefined): boolean {
  const { numbers, names } = toldBy(text, namesIn(world));
  return numbers.length + names.length > 0;
}

/**
 * What the attempt tells otherwise than the demonstrated message, as one sentence; null where they agree. Names may be
 * added where only numbers were demonstrated ("3" and "3 in docs"); where no fact was, only the stance is compared.
 */
export function toldDifference(expected: string, attempt: string, world: Json | undefined): string | null {
  const known = namesIn(world);
  const [wanted, made] = [toldBy(expected, known), toldBy(attempt, known)];
  if (made.isQuestion && !wanted.isQuestion) return 'It asks where the result was told.';
  if (made.isDenial !== wanted.isDenial) return 'One message denies what the other says.';
  if (wanted.numbers.length + wanted.names.length === 0)
    return wanted.isQuestion && !made.isQuestion ? 'It does not ask.' : null;
  if (!isSame(wanted.numbers, made.numbers)) return difference('numbers', wanted.numbers, made.numbers);
  if (wanted.names.length > 0 && !isSame(wanted.names, made.names))
    return difference('names', wanted.names, made.names);
  return null;
}

const isSame = (a: readonly string[], b: readonly string[]) => a.join(' ') === b.join(' ');
const listed = (items: readonly string[]) => (items.length > 0 ? items.join(', ') : 'none');
const difference = (what: string, wanted: readonly string[], made: readonly string[]) =>
  `It tells other ${what} than demonstrated: ${listed(made)} instead of ${listed(wanted)}.`;

function toldBy(text: string, known: ReadonlySet<string>): Told {
  const numbers = new Set<string>();
  const names = new Set<string>();
  for (const [match] of text.toLowerCase().matchAll(/[\p{L}\d_.\/-]+/gu)) {
    const word = match.replace(/[.\/-]+$/, '');
    if (/^-?\d+(?:\.\d+)?$/.test(word)) numbers.add(String(Number(word)));
    else if (/\w[.\/]\w/.test(word) || known.has(word)) {
      for (const part of word.split('/')) if (/\w/.test(part)) names.add(part);
    }
  }
  return {
    numbers: [...numbers].sort(),
    names: [...names].sort(),
    isQuestion: text.includes('?'),
    isDenial: DENIAL.test(text),
  };
}

/**
 * The world's facts, names of the files and folders below the working directory and the words that files hold, in lower
 * case.
 */
function namesIn(world: Json | undefined): Set<string> {
  const names = new Set<string>();
  if (!isObject(world)) return names;
  const add = (text: string) => {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\d_.-]+/gu))
      if (!PROSE.has(word)) names.add(word);
  };
  for (const fact of Array.isArray(world.facts) ? world.facts : []) if (typeof fact === 'string') add(fact);
  const cwd = typeof world.cwd === 'string' ? `${world.cwd}/` : '/';
  const files = isObject(world.files) ? world.files : {};
  const folders = Array.isArray(world.directories) ? world.directories : [];
  for (const path of [...Object.keys(files), ...folders]) {
    if (typeof path === 'string') add(path.startsWith(cwd) ? path.slice(cwd.length) : path);
  }
  for (const file of Object.values(files)) {
    const content = isObject(file) ? file.content : file;
    if (typeof content === 'string') add(content);
  }
  return names;
}
