/**
 * Shell commands by execution: two commands are equivalent when, run in the same file system, they print the same
 * and leave the same files, working directory and variables behind. Runs in just-bash, in memory; commands that it
 * lacks are not applicable, which is no failure.
 *
 * The sample's `world`: `{files?, directories?, links?, setup?, cwd?, env?, commands?}`. A dataset without one gets
 * several made-up file systems (`probe-worlds.ts`); commands must agree in all of them.
 */
import { isObject } from '../base/json.ts';
import { formatVerdict } from './format-gate.ts';
import { probeWorld } from './probe-worlds.ts';
import { programsOf } from './program.ts';
import { rememberingShell } from './shell-memory.ts';
import type { Observation } from './shell-run.ts';
import type { ShellWorld } from './shell-world.ts';
import { toldVerdict } from './told.ts';
import type { Sample, Verdict, Verify } from './verdict.ts';
import { attemptTimedOut, notApplicable, verifierFailed } from './verdict.ts';

export interface ShellOptions {
  /** Time for one command in one world. */
  limitMs: number;
  /** How many file systems are made up where the dataset brings none. */
  probes: number;
  /** Messages are read as commands (datasets that have no tools), or compared by the numbers and names they tell. */
  messages: 'commands' | 'told';
  /** What the simulated shell lacks: no verdict, or the attempt's failure where its agent acts in that very shell. */
  lacking: 'excluded' | 'failed';
}

const PARAMETERS = ['command', 'cmd', 'script', 'code', 'bash_command', 'input', 'keystrokes'];

export function shell({
  limitMs = 2000,
  probes = 3,
  messages = 'commands',
  lacking = 'excluded',
}: Partial<ShellOptions> = {}): Verify {
  const runShell = rememberingShell();
  return async (sample: Sample, onPhase): Promise<Verdict> => {
    const early = formatVerdict(sample);
    if (early) return early;
    if (messages === 'told' && sample.expected.kind === 'message') return toldVerdict(sample);
    const wanted = programsOf(sample.expected, PARAMETERS);
    if (!wanted) return notApplicable('The demonstrated action holds no command.');
    const made = programsOf(sample.attempt.action, PARAMETERS);
    if (!made) return verdict(0, 'NO_COMMAND', 'The call holds no command.');
    const wrongTool = made.find(
      (program, index) => program.tool !== wanted[Math.min(index, wanted.length - 1)]!.tool,
    );
    if (wrongTool) return verdict(0, 'UNEXPECTED_TOOL', `${wrongTool.tool} was called instead.`);
    if (made.length > wanted.length) {
      return verdict(0, 'CALL_COUNT_DIFFERENT', `${made.length} commands instead of ${wanted.length}.`);
    }
    const [command, other] = [wanted, made].map((programs) =>
      programs.map((program) => program.text).join('\n'),
    ) as [string, string];
    if (command.trim() === other.trim())
      return verdict(1, 'SAME_COMMAND', 'The command is the demonstrated one.');

    if (INTERACTIVE.test(command))
      return notApplicable('The demonstrated command talks to a person at a terminal.');

    let seen = 0;
    for (const world of worldsFor(sample, [command, other], probes)) {
      onPhase?.('expected');
      const reference = await runShell(world, command, limitMs);
      if (reference.kind === 'lacking') return notApplicable(`The shell lacks ${reference.what}.`);
      if (reference.kind === 'timed-out')
        return verifierFailed('The demonstrated command did not end in time.');
      // A demonstration that fails in this world says nothing about it.
      if (reference.errors !== '' && reference.exitCode !== 0) continue;
      onPhase?.('attempt');
      const outcome = await runShell(world, other, limitMs);
      if (outcome.kind === 'lacking') {
        const reason = `The shell lacks ${outcome.what}.`;
        return lacking === 'failed' ? verdict(0, 'SHELL_LACKS_IT', reason) : notApplicable(reason);
      }
      if (outcome.kind === 'timed-out') return attemptTimedOut(limitMs);
      const difference = compare(reference, outcome, command);
      if (difference) return difference;
      if (reference.hasEffect) seen++;
    }
    if (seen === 0) return notApplicable('The demonstrated command prints and changes nothing here.');
    return verdict(1, 'SAME_EFFECT', 'The command prints the same and leaves the same files behind.');
  };
}

function verdict(reward: number, category: string, reason: string): Verdict {
  return { reward, category, reason };
}

/** Commands that talk to a person at a terminal; what they ask cannot be seen here. */
const INTERACTIVE = /(?:^|[;&|(]\s*)(?:read|select|vi|vim|nano|less|more|man|top|passwd)\b/;

function worldsFor({ world }: Sample, commands: string[], probes: number): ShellWorld[] {
  const isGiven = isObject(world) && ['files', 'setup', 'directories'].some((key) => key in world);
  if (isGiven) return [{ files: {}, ...(world as Partial<ShellWorld>) }];
  return Array.from({ length: probes }, (_, index) => probeWorld(commands, index));
}

function compare(wanted: Observation, made: Observation, command: string): Verdict | null {
  const order = ASKS_FOR_ORDER.test(command)
    ? (lines: string[]) => lines
    : (lines: string[]) => [...lines].sort();
  // Saying in which file a line was found adds to the answer; leaving it out takes from it.
  const samePrinted = [made.lines, made.bareLines].some((lines) =>
    sameList(order(wanted.lines), order(lines)),
  );
  if (!samePrinted) {
    const failed =
      made.lines.length === 0 && made.errors !== '' ? `: ${made.errors.trim().split('\n')[0]}` : '';
    return verdict(0, 'OUTPUT_DIFFERENT', `Other output than demonstrated${failed}.`);
  }
  if (!sameList(wanted.files, made.files)) {
    return verdict(0, 'FILES_DIFFERENT', 'The files are left in another state than demonstrated.');
  }
  if (wanted.cwd !== made.cwd || !sameList(wanted.variables, made.variables)) {
    return verdict(
      0,
      'SHELL_STATE_DIFFERENT',
      'The shell is left with another directory or other variables.',
    );
  }
  return null;
}

/** Commands after which the order of lines is part of the answer; that of `find` and globs is not. */
const ASKS_FOR_ORDER = /\b(?:sort|tac|head|tail|uniq|nl|cat|sed|awk)\b/;

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
