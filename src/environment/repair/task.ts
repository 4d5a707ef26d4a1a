/** Draws repair tasks: a project, its bugs, its tests, what the issue names. No wording, no behaviour. */
import type { Random } from '../../base/random.ts';
import type { Split } from '../environment.ts';
import { ARITHMETIC, bugsOf } from './bugs.ts';
import type { Expression, Operator } from './expression.ts';
import type { Bug, Check, ProjectFunction } from './project.ts';
import { callChain, worth } from './project.ts';
import { drawTools } from './tools.ts';
import { SPLIT_FILES, SPLIT_FUNCTIONS } from './words.ts';

/** What the issue tells beside that something is wrong: a call, a call and its file, or nothing. */
export type IssueKind = 'call' | 'file' | 'tests';

export interface RepairTask {
  split: Split;
  functions: ProjectFunction[];
  bugs: Bug[];
  issue: IssueKind;
  /** The failing call that the issue tells of. */
  reported: Check;
  /** The test file. */
  checks: Check[];
  /** Names of the listed tools. */
  toolNames: string[];
  /** Chooses among the phrasings of the issue. */
  issueSeed: number;
}

/** Shares of tasks whose bug shows only in a caller, and of those with a second bug that the issue does not tell of. */
const INDIRECT = 0.25;
const TWO_BUGS = 0.25;

export function drawTask(random: Random, split: Split): RepairTask {
  const kind = random.uniform();
  for (;;) {
    const task =
      kind < INDIRECT
        ? drawIndirect(random, split)
        : drawDirect(random, split, kind < INDIRECT + TWO_BUGS ? 2 : 1);
    if (task) return task;
  }
}

/** Two or three leaves and one function that calls the first of them, in two or three files. */
function drawFunctions(random: Random, split: Split): ProjectFunction[] {
  const names = random.shuffle(SPLIT_FUNCTIONS[split]).slice(0, 3 + random.integer(2));
  const files = random
    .shuffle(SPLIT_FILES[split])
    .slice(0, 2 + random.integer(2))
    .map((stem) => `${stem}.js`);
  const leaves = names
    .slice(1)
    .map((name, index) =>
      drawLeaf(
        random,
        name,
        files[index % files.length]!,
        index === 0 ? ARITHMETIC : ['+', '-', '*', '>', '>='],
      ),
    );
  const called = leaves[0]!;
  const caller = {
    name: names[0]!,
    file: random.bool(0.2) ? called.file : files[1]!,
    parameters: ['x'],
    body: drawCall(random, called),
    ...drawForm(random),
  };
  return random.shuffle([caller, ...leaves]);
}

const drawDigit = (random: Random) => 2 + random.integer(8);

function drawLeaf(
  random: Random,
  name: string,
  file: string,
  operators: readonly Operator[],
): ProjectFunction {
  const isPair = random.bool(0.4);
  const body: Expression = {
    operator: random.pick(isPair ? ARITHMETIC : operators),
    left: 'x',
    right: isPair ? 'y' : drawDigit(random),
  };
  return { name, file, parameters: isPair ? ['x', 'y'] : ['x'], body, ...drawForm(random) };
}

/** `tax(x) + 3` or `gap(x, 3)`. */
function drawCall(random: Random, { name, parameters }: ProjectFunction): Expression {
  return parameters.length > 1
    ? { call: name, given: ['x', drawDigit(random)] }
    : { operator: random.pick(ARITHMETIC), left: { call: name, given: ['x'] }, right: drawDigit(random) };
}

const drawForm = (random: Random) => ({ isBlock: random.bool(0.3), returns: true });

/** One or two broken functions, each with a test of its own. */
function drawDirect(random: Random, split: Split, bugCount: number): RepairTask | null {
  const functions = drawFunctions(random, split);
  const broken = random.shuffle(functions).slice(0, bugCount);
  const bugs = broken.map((one) => drawBug(random, one, functions));
  const tested = random.shuffle(functions).filter((one) => broken.includes(one) || random.bool(0.3));
  return complete(random, split, functions, bugs, tested, broken[0]!);
}

/** The called function is broken and only its caller is tested. */
function drawIndirect(random: Random, split: Split): RepairTask | null {
  const functions = drawFunctions(random, split);
  const caller = functions.find(({ name }) => callChain(functions, name).length > 1)!;
  const called = callChain(functions, caller.name)[1]!;
  const others = functions.filter((one) => one !== called && one !== caller && random.bool(0.3));
  const bugs = [drawBug(random, called, functions)];
  return complete(random, split, functions, bugs, random.shuffle([caller, ...others]), caller);
}

/** Kinds first, as some kinds have many more bugs than others. */
function drawBug(random: Random, one: ProjectFunction, functions: readonly ProjectFunction[]): Bug {
  const all = bugsOf(one, functions);
  const kind = random.pick([...new Set(all.map((bug) => bug.kind))]);
  return random.pick(all.filter((bug) => bug.kind === kind));
}

/** Null when the bugs do not show: every one of them has to, alone and together with the other. */
function complete(
  random: Random,
  split: Split,
  functions: ProjectFunction[],
  bugs: Bug[],
  tested: readonly ProjectFunction[],
  reportedFunction: ProjectFunction,
): RepairTask | null {
  const draw = ({ name, parameters }: ProjectFunction): Check => {
    const given = parameters.map(() => 1 + random.integer(9));
    return { name, given, want: worth(functions, [], { name, given }) };
  };
  const checks = tested.map(draw);
  const reported = checks.find(({ name }) => name === reportedFunction.name)!;
  const fails = (present: readonly Bug[], check: Check) => worth(functions, present, check) !== check.want;
  const subsets = [bugs, ...(bugs.length > 1 ? bugs.map((bug) => [bug]) : [])];
  if (!fails(bugs, reported)) return null;
  if (!subsets.every((present) => checks.some((check) => fails(present, check)))) return null;
  const issue = random.uniform();
  return {
    split,
    functions,
    bugs,
    issue: issue < 0.5 ? 'call' : issue < 0.75 || bugs.length > 1 ? 'file' : 'tests',
    reported,
    checks,
    toolNames: drawTools(random),
    issueSeed: random.uint32(),
  };
}
