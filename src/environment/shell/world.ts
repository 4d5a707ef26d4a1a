/**
 * The entities of the shell world and its small file trees: a few folders, one level deep, with short files of lines
 * like `red 42`. Knows nothing of tasks, commands or wording.
 *
 * Entities are split by hash, so that nothing about a word tells the splits apart.
 */
import type { CommandName } from 'just-bash';
import { hash32 } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Split } from '../environment.ts';

/** Paths are relative to the folder in which all commands start, e.g. `docs/pen.txt`. */
export interface FileTree {
  folders: string[];
  files: Record<string, string>;
}

/** Where the tree lies in the sandbox; commands start here. */
export const HOME = '/w';

/** The programs that there are; none of them runs another language or reaches out. */
export const COMMANDS: CommandName[] = [
  'ls', 'find', 'cat', 'head', 'tail', 'wc', 'grep', 'sort', 'uniq', 'cut', 'tr', 'sed', 'awk', 'cp', 'mv', 'rm',
  'mkdir', 'rmdir', 'touch', 'echo', 'printf', 'xargs', 'tee', 'basename', 'dirname', 'pwd', 'true', 'false', 'seq',
  'tac', 'nl',
]; // prettier-ignore

export const FOLDERS = [
  'docs', 'mail', 'maps', 'bills', 'songs', 'trips', 'games', 'team', 'shop', 'bank', 'club', 'school', 'farm', 'lab',
  'kids', 'news', 'gifts', 'food', 'cars', 'pets', 'tours', 'rent', 'tax', 'wine',
]; // prettier-ignore

export const STEMS = [
  'pen', 'cup', 'sun', 'fox', 'milk', 'rock', 'ship', 'bird', 'lake', 'king', 'rose', 'wolf', 'sand', 'moon', 'corn',
  'bell', 'boat', 'leaf', 'fish', 'bear', 'snow', 'tree',
]; // prettier-ignore

/** What lines begin with; none is part of another, so that a plain grep finds whole words. */
export const WORDS = [
  'red', 'blue', 'pink', 'gray', 'black', 'white', 'brown', 'gold', 'salt', 'rice', 'soup', 'plum', 'lime', 'mint',
  'wool', 'silk', 'iron', 'clay',
]; // prettier-ignore

const EXTENSIONS = ['txt', 'log', 'csv'];

/** One entity in four is held out. */
export function splitOf(kind: string, entity: string): Split {
  return hash32('shell', kind, entity) % 4 === 0 ? 'heldout' : 'train';
}

const pools = (kind: string, entities: readonly string[]): Record<Split, string[]> => ({
  train: entities.filter((entity) => splitOf(kind, entity) === 'train'),
  heldout: entities.filter((entity) => splitOf(kind, entity) === 'heldout'),
});

export const SPLIT_FOLDERS = pools('folder', FOLDERS);
export const SPLIT_STEMS = pools('stem', STEMS);
export const SPLIT_WORDS = pools('word', WORDS);

/** `count` different file names of a split. */
export function drawNames(random: Random, split: Split, count: number): string[] {
  const all = SPLIT_STEMS[split].flatMap((stem) => EXTENSIONS.map((extension) => `${stem}.${extension}`));
  return random.shuffle(all).slice(0, count);
}

/** A line's number, of one or two digits. */
export const drawNumber = (random: Random): number => 1 + random.integer(99);

/** Lines that begin with some of the words, in no order; most words come more than once. */
export function drawLines(random: Random, words: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => `${random.pick(words)} ${drawNumber(random)}`);
}

export const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** The paths of a folder's files, sorted. */
export function filesIn(tree: FileTree, folder: string): string[] {
  return Object.keys(tree.files)
    .filter((path) => folderOf(path) === folder)
    .sort();
}

/** The same folders and files, in whatever order they are listed. */
export function isSameTree(a: FileTree, b: FileTree): boolean {
  const paths = Object.keys(a.files);
  return (
    a.folders.length === b.folders.length &&
    a.folders.every((folder) => b.folders.includes(folder)) &&
    paths.length === Object.keys(b.files).length &&
    paths.every((path) => a.files[path] === b.files[path])
  );
}

/** The tree as an executing verifier reads it (`verifier/shell-world.ts`). */
export function verifierWorld({ folders, files }: FileTree): JsonObject {
  return {
    cwd: HOME,
    commands: COMMANDS,
    directories: folders.map((folder) => `${HOME}/${folder}`),
    files: Object.fromEntries(Object.entries(files).map(([path, text]) => [`${HOME}/${path}`, text])),
  };
}
