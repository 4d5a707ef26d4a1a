/** All miniature worlds, in the order of the paper's tables. */
import type { World } from './environment.ts';
import { helpdesk } from './helpdesk/helpdesk.ts';
import { repair } from './repair/repair.ts';
import { search } from './search/search.ts';
import { shellWorld } from './shell/shell.ts';

export const worlds: readonly World[] = [helpdesk, repair, shellWorld, search];

export function worldNamed(name: string): World | undefined {
  return worlds.find((world) => world.name === name);
}
