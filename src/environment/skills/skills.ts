/** The eight out-of-domain skills, in the order of the paper's Table 2. */
import { algebra } from './algebra.ts';
import { arithmetic } from './arithmetic.ts';
import { facts, veliFacts } from './facts.ts';
import { instructions } from './instructions.ts';
import { programs } from './programs.ts';
import type { Skill } from './skill.ts';
import { translation } from './translation.ts';
import { units } from './units.ts';

export const skills: readonly Skill[] = [
  instructions,
  arithmetic,
  algebra,
  programs,
  units,
  facts,
  veliFacts,
  translation,
];
