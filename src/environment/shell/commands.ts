/**
 * The commands that do a step, the plainest first: all print the same and leave the same files behind. This is the
 * world's dial for the number of acceptable actions. Runs nothing and decides nothing.
 */
import type { ShellTask } from './task.ts';
import { resultPath } from './task.ts';
import { folderOf, nameOf } from './world.ts';

/** What a command is for: where is the file, make a folder, change files, clean up after that, read the answer. */
export type Work = 'locate' | 'make' | 'change' | 'clean' | 'read';

/** Which commands know the file by its name, by a word in it, by its length; the rest know the folder. */
type Clue = 'name' | 'word' | 'length' | 'folder';

export function clueOf({ request }: ShellTask): Clue {
  if (request === 'countFiles') return 'folder';
  if (request === 'longest') return 'length';
  return request === 'which' || request === 'moveWord' || request === 'delete' ? 'word' : 'name';
}

export function commandsOf(work: Work, task: ShellTask): string[] {
  if (work === 'locate') return locating(task);
  if (work === 'make') return making(task.folder);
  if (work === 'clean') return spelled(task.path, removals);
  return work === 'change' ? changing(task) : reading(task);
}

function locating(task: ShellTask): string[] {
  const { word, folder } = task;
  const name = nameOf(task.path);
  if (clueOf(task) === 'word') {
    return [
      `grep -rl ${word} .`, `grep -lr ${word} .`, `grep -rl ${word} *`, `grep -l ${word} */*`,
      `grep -rlw ${word} .`, `grep -r -l ${word} .`, `grep -rl '${word}' .`, `grep -ril ${word} .`,
      `find . -type f | xargs grep -l ${word}`, `find . -type f -exec grep -l ${word} {} +`,
    ]; // prettier-ignore
  }
  if (clueOf(task) === 'length') {
    return [
      `wc -l ${folder}/*`, `wc -l ${folder}/*.*`, `wc --lines ${folder}/*`, `ls ${folder}/* | xargs wc -l`,
      `wc -l $(ls ${folder}/*)`,
    ]; // prettier-ignore
  }
  return [
    `find . -name ${name}`, `find -name ${name}`, `find . -type f -name ${name}`, `find . -name '${name}'`,
    `find . -iname ${name}`, `find . | grep ${name}`, `find . -type f | grep ${name}`, `ls */${name}`,
    `ls -d */${name}`, `echo */${name}`, `ls -1 */${name}`, `find * -name ${name}`, `ls ./*/${name}`,
  ]; // prettier-ignore
}

const making = (folder: string): string[] => [
  `mkdir ${folder}`, `mkdir -p ${folder}`, `mkdir ${folder}/`, `mkdir ./${folder}`, `mkdir -p ./${folder}`,
]; // prettier-ignore

/** A file's commands in both spellings of its path. */
const spelled = (path: string, commands: (path: string) => string[]): string[] => [
  ...commands(path),
  ...commands(`./${path}`),
];

function changing(task: ShellTask): string[] {
  const { request, folder, word, other, newName } = task;
  const name = nameOf(task.path);
  const to = resultPath(task);
  return spelled(task.path, (path) => {
    switch (request) {
      case 'rename':
        return [
          `mv ${path} ${to}`, `mv ${path} ./${to}`, `mv -f ${path} ${to}`, `mv -n ${path} ${to}`,
          `(cd ${folderOf(path)} && mv ${name} ${newName})`,
          `mv ${folderOf(path)}/{${name},${newName}}`,
        ]; // prettier-ignore
      case 'move':
      case 'moveWord':
        return [
          `mv ${path} ${folder}`, `mv ${path} ${folder}/`, `mv ${path} ${to}`, `mv ${path} ./${folder}`,
          `mv -f ${path} ${folder}`, `mv -n ${path} ${folder}/`,
        ]; // prettier-ignore
      case 'delete':
      case 'longest':
        return removals(path);
      case 'replace':
        return [
          `sed -i s/${word}/${other}/ ${path}`, `sed -i s/${word}/${other}/g ${path}`,
          `sed -i 's/${word}/${other}/' ${path}`, `sed -i 's/${word}/${other}/g' ${path}`,
          `sed -i -e s/${word}/${other}/ ${path}`, `sed -i 's|${word}|${other}|' ${path}`,
          `sed -i s/^${word}/${other}/ ${path}`,
        ]; // prettier-ignore
      case 'copy':
        return [
          `cp ${path} ${folder}`, `cp ${path} ${folder}/`, `cp ${path} ${to}`,
          `cp ${path} ./${folder}`,
        ]; // prettier-ignore
      case 'filter':
        return [
          ...filters(word, path).map((command) => `${command} > ${to}`),
          `grep ${word} ${path} > ./${to}`,
        ];
      case 'sort':
        return [
          `sort ${path} > ${to}`, `cat ${path} | sort > ${to}`, `sort < ${path} > ${to}`, `sort -o ${to} ${path}`,
          `sort ${path} > ./${to}`, `sort ${path} | cat > ${to}`,
        ]; // prettier-ignore
      case 'unique':
        return [
          `sort -u ${path} > ${to}`, `sort ${path} | uniq > ${to}`, `cat ${path} | sort -u > ${to}`,
          `cat ${path} | sort | uniq > ${to}`, `sort -u < ${path} > ${to}`, `sort -u ${path} > ./${to}`,
        ]; // prettier-ignore
      default:
        return [];
    }
  });
}

const removals = (path: string): string[] => [
  `rm ${path}`, `rm -f ${path}`, `rm -r ${path}`, `rm -rf ${path}`, `find . -name ${nameOf(path)} -delete`,
  `find ${folderOf(path)} -name ${nameOf(path)} -delete`,
]; // prettier-ignore

const filters = (word: string, path: string): string[] => [
  `grep ${word} ${path}`, `cat ${path} | grep ${word}`, `grep ${word} < ${path}`, `grep -w ${word} ${path}`,
  `grep '${word}' ${path}`, `grep -h ${word} ${path}`, `grep -i ${word} ${path}`, `sed -n /${word}/p ${path}`,
  `awk /${word}/ ${path}`,
]; // prettier-ignore

const lineCounts = (path: string): string[] => [
  `wc -l < ${path}`, `cat ${path} | wc -l`, `grep -c . ${path}`, `cat ${path} | grep -c .`, `grep -c '' ${path}`,
  `sed -n '$=' ${path}`,
]; // prettier-ignore

const wordCounts = (word: string, path: string): string[] => [
  `grep -c ${word} ${path}`, `cat ${path} | grep -c ${word}`, `grep ${word} ${path} | wc -l`,
  `cat ${path} | grep ${word} | wc -l`, `grep -c ${word} < ${path}`, `grep -cw ${word} ${path}`,
  `grep -ci ${word} ${path}`, `grep -c '${word}' ${path}`, `sed -n /${word}/p ${path} | wc -l`,
]; // prettier-ignore

const fileCounts = (folder: string): string[] => [
  `ls ${folder} | wc -l`, `find ${folder} -type f | wc -l`, `ls -1 ${folder} | wc -l`, `ls ${folder}/ | wc -l`,
  `ls ${folder} | grep -c .`, `ls -A ${folder} | wc -l`, `find ${folder}/* | wc -l`,
  `find ${folder} -type f | grep -c .`, `find ${folder} -name '*.*' | wc -l`,
]; // prettier-ignore

const firstSorted = (path: string): string[] => [
  `sort ${path} | head -n 1`, `sort ${path} | head -1`, `cat ${path} | sort | head -n 1`,
  `sort ${path} | sed -n 1p`, `sort < ${path} | head -1`, `sort ${path} | sed 1q`,
]; // prettier-ignore

const firstLines = (path: string): string[] => [
  `head -n 1 ${path}`, `head -1 ${path}`, `cat ${path} | head -n 1`, `sed -n 1p ${path}`, `head -n1 ${path}`,
  `sed 1q ${path}`, `cat ${path} | head -1`,
]; // prettier-ignore

function reading(task: ShellTask): string[] {
  const { request, folder, word, other } = task;
  const result = resultPath(task);
  switch (request) {
    case 'countFiles':
    case 'moveWord':
    case 'longest':
      return spelled(folder, fileCounts);
    case 'countLines':
    case 'copy':
    case 'filter':
    case 'unique':
      return spelled(result, lineCounts);
    case 'countWord':
      return spelled(result, (path) => wordCounts(word, path));
    case 'replace':
      return spelled(result, (path) => wordCounts(other, path));
    case 'lookup':
      return spelled(result, (path) => filters(word, path));
    case 'first':
      return spelled(result, firstSorted);
    case 'sort':
      return spelled(result, firstLines);
    default:
      return [];
  }
}
