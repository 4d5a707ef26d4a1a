/** Draws tasks of the shell world: what is asked and the file tree in which it makes sense. No wording, no behaviour. */
import type { Random } from '../../base/random.ts';
import type { Split } from '../environment.ts';
import type { FileTree } from './world.ts';
import { drawLines, drawNames, drawNumber, filesIn, folderOf, linesOf, nameOf, textOf } from './world.ts';
import { SPLIT_FOLDERS, SPLIT_WORDS } from './world.ts';

/** What a user wants; the first six only ask, the next three only want something done, the others both. */
export const REQUESTS = [
  'countFiles', 'countLines', 'countWord', 'which', 'first', 'lookup',
  'rename', 'move', 'delete',
  'moveWord', 'longest', 'replace', 'copy', 'filter', 'sort', 'unique',
] as const; // prettier-ignore
export type Request = (typeof REQUESTS)[number];

export interface ShellTask {
  split: Split;
  request: Request;
  tree: FileTree;
  /** The file that it is about, e.g. `docs/pen.txt`; the user says only its name or a word in it. */
  path: string;
  /** Where files are counted, compared or moved to; of `copy`: the new folder. */
  folder: string;
  /** In lines of the file; of `which`, `moveWord`, `delete` and `lookup`: in one line only. */
  word: string;
  /** What replaces the word. */
  other: string;
  /** The new file's name, in the folder above all or, of `rename`, in the old one's. */
  newName: string;
  /** Chooses among the user's phrasings. */
  userSeed: number;
}

/** Requests whose word occurs in one line of the whole tree. */
const SINGLE: readonly Request[] = ['which', 'moveWord', 'delete', 'lookup'];

export function drawTask(random: Random, split: Split): ShellTask {
  const request = random.pick(REQUESTS);
  const folders = random.shuffle(SPLIT_FOLDERS[split]);
  const [word, other, ...rest] = random.shuffle(SPLIT_WORDS[split]) as [string, string, ...string[]];
  const common = SINGLE.includes(request) ? rest.slice(0, 3) : [word, ...rest.slice(0, 2)];
  const [newName, ...names] = drawNames(random, split, 5 + random.integer(4)) as [string, ...string[]];
  const used = folders.slice(0, 2 + random.integer(2));
  const tree: FileTree = { folders: used, files: {} };
  // Each folder holds at least one file.
  for (const [index, name] of names.entries()) {
    const folder = used[index] ?? random.pick(used);
    tree.files[`${folder}/${name}`] = textOf(drawLines(random, common, 2 + random.integer(4)));
  }
  const path = random.pick(Object.keys(tree.files));
  const folder =
    request === 'copy' ? folders.at(-1)! : random.pick(used.filter((at) => at !== folderOf(path)));
  const task = { split, request, tree, path, folder, word, other, newName, userSeed: random.uint32() };
  tree.files[path] = textOf(linesFor(task, random));
  return request === 'longest' ? { ...task, ...longest(tree, random) } : task;
}

/** The lines of the task's own file, with what the request needs in them. */
function linesFor({ request, tree, path, word }: ShellTask, random: Random): string[] {
  const lines = linesOf(tree.files[path]!);
  const own = () => `${word} ${drawNumber(random)}`;
  if (request === 'unique') return random.shuffle([...lines, ...random.shuffle(lines).slice(0, 2)]);
  if (SINGLE.includes(request)) return random.shuffle([own(), ...lines.slice(0, 4)]);
  if (request === 'replace' || request === 'filter' || request === 'countWord')
    return random.shuffle([own(), ...(random.bool() ? [own()] : []), ...lines.slice(0, 3)]);
  return lines;
}

/** Makes one file of the fullest folder longer than all others in it (in place), and the task's own. */
function longest(tree: FileTree, random: Random): { path: string; folder: string } {
  const folder = tree.folders.toSorted((a, b) => filesIn(tree, b).length - filesIn(tree, a).length)[0]!;
  const paths = filesIn(tree, folder);
  const path = random.pick(paths);
  const most = Math.max(...paths.map((at) => linesOf(tree.files[at]!).length));
  const lines = linesOf(tree.files[path]!);
  while (lines.length <= most) lines.push(`${lines[0]!.split(' ')[0]!} ${drawNumber(random)}`);
  tree.files[path] = textOf(lines);
  return { path, folder };
}

/** The path of what the task makes or leaves: the new file, or the old one at its new place. */
export function resultPath({ request, path, folder, newName }: ShellTask): string {
  if (request === 'rename') return `${folderOf(path)}/${newName}`;
  if (request === 'move' || request === 'moveWord' || request === 'copy') return `${folder}/${nameOf(path)}`;
  return request === 'filter' || request === 'sort' || request === 'unique' ? newName : path;
}

/** The tree as it should be at the end. */
export function wantedTree(task: ShellTask): FileTree {
  const { request, path, folder, word, other } = task;
  const tree = structuredClone(task.tree);
  const text = tree.files[path]!;
  const lines = linesOf(text);
  const to = resultPath(task);
  if (to !== path) tree.files[to] = text;
  if (['rename', 'move', 'moveWord', 'delete', 'longest', 'sort'].includes(request)) delete tree.files[path];
  if (request === 'copy') tree.folders.push(folder);
  if (request === 'replace') tree.files[path] = text.replaceAll(word, other);
  if (request === 'filter') tree.files[to] = textOf(lines.filter((line) => line.includes(word)));
  if (request === 'sort') tree.files[to] = textOf(lines.toSorted());
  if (request === 'unique') tree.files[to] = textOf([...new Set(lines)].sort());
  return tree;
}

/** The number, line or place that the user asks for; null where they only want something done. */
export function answerOf(task: ShellTask): string | null {
  const { request, path, folder, word, other } = task;
  const end = wantedTree(task);
  const lines = linesOf(end.files[resultPath(task)] ?? '');
  const having = (text: string) => lines.filter((line) => line.includes(text));
  switch (request) {
    case 'countFiles':
    case 'moveWord':
    case 'longest':
      return String(filesIn(end, folder).length);
    case 'countLines':
    case 'copy':
    case 'filter':
    case 'unique':
      return String(lines.length);
    case 'countWord':
      return String(having(word).length);
    case 'replace':
      return String(having(other).length);
    case 'which':
      return path;
    case 'lookup':
      return having(word)[0]!.split(' ')[1]!;
    case 'first':
    case 'sort':
      return lines.toSorted()[0]!;
    default:
      return null;
  }
}
