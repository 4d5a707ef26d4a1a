/**
 * Every sentence that a user of the shell world can say, in three disjoint sets: one for the base model's pretraining,
 * one for training trajectories, one held out.
 *
 * Slots: {name} the file's name, {folder}, {word}, {other} what replaces it, {new} the new file's name.
 */
import { Random } from '../../base/random.ts';
import type { Voice } from '../environment.ts';
import type { Request, ShellTask } from './task.ts';
import { nameOf } from './world.ts';

export const PHRASES: Record<Voice, Record<Request, readonly string[]>> = {
  base: {
    countFiles: [
      'How many files are in {folder}?',
      'Count the files in {folder}.',
      'How many files has {folder}?',
    ],
    countLines: ['How many lines are in {name}?', 'Count the lines in {name}.', 'How many lines has {name}?'],
    countWord: [
      'How many lines of {name} have {word}?',
      'Count the lines with {word} in {name}.',
      'How many lines with {word} are in {name}?',
    ],
    which: ['Which file has {word}?', 'Find the file with {word}.', 'In which file is {word}?'],
    first: ['Which line of {name} is first when sorted?', 'Sort {name}, which line is first?'],
    lookup: ['Which number has {word} in {name}?', 'Find the number of {word} in {name}.'],
    rename: [
      'Rename {name} to {new}.',
      'Change the name of {name} to {new}.',
      'Please rename {name} to {new}.',
    ],
    move: ['Move {name} to {folder}.', 'Please move {name} to {folder}.', 'Put {name} in {folder}.'],
    moveWord: [
      'Move the file with {word} to {folder} and count the files in {folder}.',
      'Put the file that has {word} in {folder}. How many files are in {folder} now?',
    ],
    delete: ['Delete the file with {word}.', 'Please delete the file that has {word}.'],
    longest: [
      'Delete the longest file in {folder} and count the files.',
      'Delete the longest file of {folder}. How many files are in {folder} now?',
    ],
    replace: [
      'Change {word} to {other} in {name}. How many lines have {other} now?',
      'Replace {word} with {other} in {name} and count the lines with {other}.',
    ],
    copy: [
      'Copy {name} to a new folder {folder} and count the lines of the copy.',
      'Make a folder {folder} with a copy of {name}. How many lines has it?',
    ],
    filter: [
      'Put the lines of {name} with {word} in {new} and count them.',
      'Copy the lines with {word} from {name} to {new}. How many are there?',
    ],
    sort: [
      'Sort {name} to {new} and delete {name}. Which line is first?',
      'Put {name} sorted in {new} and delete {name}. Which line is first?',
    ],
    unique: [
      'Sort {name} to {new} without doubles and count the lines.',
      'Put the lines of {name} in {new} without doubles. How many are there?',
    ],
  },
  train: {
    countFiles: [
      'Hi, tell me how many files are in {folder}.',
      'Can you count the files of {folder}?',
      'I want the number of files in {folder}.',
    ],
    countLines: [
      'Hi, how many lines does {name} have?',
      'Can you count the lines of {name}?',
      'I want the number of lines in {name}.',
    ],
    countWord: [
      'Hi, how many lines in {name} have {word}?',
      'Can you count {word} in {name}?',
      'I want the number of lines with {word} in {name}.',
    ],
    which: [
      'Hi, which file is {word} in?',
      'Can you find the file that has {word}?',
      'I want the file with {word}, where is it?',
    ],
    first: [
      'Hi, which line comes first when {name} is sorted?',
      'Can you sort {name} and tell me the first line?',
    ],
    lookup: [
      'Hi, what is the number of {word} in {name}?',
      'Can you find {word} in {name} and tell me its number?',
    ],
    rename: [
      'Hi, please change the name {name} to {new}.',
      'Can you rename {name} to {new}?',
      'I want {name} to have the name {new}.',
    ],
    move: [
      'Hi, {name} has to go to {folder}.',
      'Can you move {name} to {folder}?',
      'I want {name} in {folder}.',
    ],
    moveWord: [
      'Hi, the file with {word} has to go to {folder}. How many files does {folder} have then?',
      'Can you move the file that has {word} to {folder} and tell me how many files {folder} has then?',
      'I want the file with {word} in {folder} and the number of files in {folder}.',
    ],
    delete: ['Hi, delete the file that has {word}.', 'Can you delete the file with {word}?'],
    longest: [
      'Hi, which file of {folder} is the longest? Delete it and count the files.',
      'Can you delete the longest file in {folder} and tell me how many files it has then?',
    ],
    replace: [
      'Hi, change {word} in {name} to {other} and tell me how many lines have {other}.',
      'Can you replace {word} in {name} with {other} and count the lines with {other}?',
      'I want {other} in place of {word} in {name} and the number of lines with {other}.',
    ],
    copy: [
      'Hi, make a folder {folder} and copy {name} to it. How many lines does the copy have?',
      'Can you copy {name} to a new folder {folder} and tell me how many lines it has?',
      'I want a new folder {folder} with a copy of {name} and the number of its lines.',
    ],
    filter: [
      'Hi, put all lines with {word} of {name} in {new}. How many are there?',
      'Can you copy the lines of {name} that have {word} to {new} and count them?',
    ],
    sort: [
      'Hi, sort {name}, put it in {new} and delete {name}. Which line comes first?',
      'Can you sort {name} to {new}, delete {name} and tell me the first line?',
    ],
    unique: [
      'Hi, sort {name}, put it in {new} without doubles. How many lines are there?',
      'Can you put {name} sorted and without doubles in {new} and count the lines?',
    ],
  },
  heldout: {
    countFiles: ['Hello, please count all files in {folder}.', 'What is the number of files in {folder}?'],
    countLines: ['Hello, please count all lines of {name}.', 'What is the number of lines in {name}?'],
    countWord: [
      'Hello, please count all lines of {name} that have {word}.',
      'What is the number of lines with {word} in {name}?',
    ],
    which: ['Hello, where is the file with {word}?', 'Please tell me which file has {word}.'],
    first: [
      'Hello, please tell me the first line of {name} when sorted.',
      'What comes first in {name} when sorted?',
    ],
    lookup: [
      'Hello, please tell me the number of {word} in {name}.',
      'What number does {word} have in {name}?',
    ],
    rename: [
      'Hello, the new name of {name} is {new}, please change it.',
      'Please make {new} the name of {name}.',
    ],
    move: ['Hello, please put {name} in {folder}.', 'Please make {name} go to {folder}.'],
    moveWord: [
      'Hello, please put the file with {word} in {folder} and tell me the number of files in {folder}.',
      'Find the file with {word}, move it to {folder}. What is the number of files in {folder}?',
    ],
    delete: [
      'Hello, please find the file with {word} and delete it.',
      'I want the file with {word} deleted.',
    ],
    longest: [
      'Hello, please find the longest file in {folder}, delete it and count all files.',
      'I want the longest file of {folder} deleted. What is the number of files then?',
    ],
    replace: [
      'Hello, please put {other} in place of {word} in {name} and count all lines with {other}.',
      'I want {word} in {name} changed to {other}. What is the number of lines with {other}?',
    ],
    copy: [
      'Hello, I want {name} copied to a new folder {folder}. What is the number of lines in the copy?',
      'Please make a new folder {folder}, copy {name} to it and count all lines of the copy.',
    ],
    filter: [
      'Hello, find all lines of {name} with {word}, put them in {new} and count them.',
      'I want the lines with {word} of {name} in {new}. How many lines are there?',
    ],
    sort: [
      'Hello, put {name} in {new}, sorted, then delete {name} and tell me which line is first.',
      'I want {name} sorted in {new} and {name} deleted. What is the first line?',
    ],
    unique: [
      'Hello, put {name} in {new}, sorted, without doubles, and tell me how many lines there are.',
      'I want {name} sorted without doubles in {new}. What is the number of lines?',
    ],
  },
};

/** What the user says, and all they say. */
export function opening(task: ShellTask, voice: Voice): string {
  const slots: Record<string, string> = {
    name: nameOf(task.path),
    folder: task.folder,
    word: task.word,
    other: task.other,
    new: task.newName,
  };
  const sentence = new Random(task.userSeed).fork('opening').pick(PHRASES[voice][task.request]);
  return sentence.replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot]!);
}
