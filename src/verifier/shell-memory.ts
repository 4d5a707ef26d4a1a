/**
 * Remembers what commands did, because the samples of one turn share their world, their demonstrated command and often
 * the attempt. Holds a bounded number of outcomes in small worlds; never one that ran out of time.
 */
import type { ShellOutcome } from './shell-run.ts';
import { runShell } from './shell-run.ts';
import type { ShellWorld } from './shell-world.ts';

const MAX_OUTCOMES = 4000;
const MAX_WORLD_CHARACTERS = 4000;

export function rememberingShell(): typeof runShell {
  const outcomes = new Map<string, ShellOutcome>();
  return async (world: ShellWorld, command: string, limitMs: number) => {
    const described = JSON.stringify(world);
    if (described.length + command.length > MAX_WORLD_CHARACTERS) return runShell(world, command, limitMs);
    const key = `${described}\n${command}`;
    const known = outcomes.get(key);
    if (known) {
      outcomes.delete(key); // to the young end of the map: the oldest goes first
      outcomes.set(key, known);
      return known;
    }
    const outcome = await runShell(world, command, limitMs);
    if (outcome.kind !== 'timed-out') outcomes.set(key, outcome);
    if (outcomes.size > MAX_OUTCOMES) outcomes.delete(outcomes.keys().next().value!);
    return outcome;
  };
}
