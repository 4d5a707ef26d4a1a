/**
 * Every sentence in which an issue of the repair world is told, in three disjoint sets: one for the base model's
 * pretraining, one for training trajectories, one held out.
 *
 * Slots: {call}, what it gives ({got}) and should give ({want}); {file}; {name} of the called function.
 */
import { Random } from '../../base/random.ts';
import type { Voice } from '../environment.ts';
import { callText, functionNamed, worth } from './project.ts';
import type { IssueKind, RepairTask } from './task.ts';

export const PHRASES: Record<Voice, Record<IssueKind, readonly string[]>> = {
  base: {
    call: [
      '{call} gives {got}, not {want}.',
      '{name} is wrong. {call} is {got} but must be {want}.',
      'Fix {name} please, {call} gives {got} and not {want}.',
      'There is a bug in {name}: {call} is {got}, not {want}.',
      'I want {want} for {call} but it gives {got}.',
    ],
    file: [
      '{call} in {file} gives {got}, not {want}.',
      '{name} in {file} is wrong. {call} is {got} but must be {want}.',
      'Fix {file} please, {call} gives {got} and not {want}.',
      'There is a bug in {file}: {call} is {got}, not {want}.',
      'I want {want} for {call} in {file} but it gives {got}.',
    ],
    tests: [
      'A test fails, fix it please.',
      'The tests fail.',
      'There is a bug, a test is not right.',
      'Please fix the project, its tests fail.',
      'I want the tests to pass.',
    ],
  },
  train: {
    call: [
      'Hi, {name} has a bug, {call} should be {want} and is {got}.',
      'Why is {call} {got}? It should be {want}.',
      'Hi, can you fix {name}? I get {got} for {call}, it should be {want}.',
      '{call} must be {want}, now I get {got}.',
    ],
    file: [
      'Hi, {file} has a bug, {call} should be {want} and is {got}.',
      'Why is {call} {got}? It should be {want}, see {file}.',
      'Hi, can you fix {name} in {file}? I get {got} for {call}, it should be {want}.',
      'See {file}: {call} must be {want}, now I get {got}.',
    ],
    tests: [
      'Hi, a test does not pass, can you fix it?',
      'Hi, can you see why the tests fail?',
      'Why does a test fail? Fix the bug please.',
      'Hi, the project has a bug, a test fails now.',
    ],
  },
  heldout: {
    call: [
      'Hello, I get {got} for {call} but I want {want}.',
      'Can you see why {call} gives {got}? It must be {want}.',
      'Hello, there is a bug: {call} should be {want}, not {got}.',
    ],
    file: [
      'Hello, see {file}, I get {got} for {call} but I want {want}.',
      'Can you see why {call} in {file} gives {got}? It must be {want}.',
      'Hello, there is a bug in {file}: {call} should be {want}, not {got}.',
    ],
    tests: [
      'Hello, please fix the bug, I want all tests to pass.',
      'Hello, the tests do not pass now.',
      'Can you fix the project? There is a test that fails.',
    ],
  },
};

/** The text of a task's issue. */
export function issueText({ functions, bugs, issue, reported, issueSeed }: RepairTask, voice: Voice): string {
  const slots: Record<string, string> = {
    call: callText(reported),
    got: String(worth(functions, bugs, reported)),
    want: String(reported.want),
    file: functionNamed(functions, reported.name).file,
    name: reported.name,
  };
  const phrase = new Random(issueSeed).pick(PHRASES[voice][issue]);
  return phrase.replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot]!);
}
