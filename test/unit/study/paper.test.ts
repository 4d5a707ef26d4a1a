import { expect, it } from 'vitest';
import { skills } from '../../../src/environment/skills/skills.ts';
import { worlds } from '../../../src/environment/worlds.ts';
import { paperOutOfDomain, paperSkills, paperWorlds } from '../../../src/study/paper.ts';

it('stands worlds and skills beside the benchmarks that they say they stand for', () => {
  expect(paperWorlds).toEqual(
    Object.fromEntries(worlds.map(({ name, title, standsFor }) => [name, { title, standsFor }])),
  );
  expect(paperSkills).toEqual(Object.fromEntries(skills.map(({ name, standsFor }) => [name, standsFor])));
  expect(Object.keys(paperOutOfDomain).sort()).toEqual(Object.values(paperSkills).sort());
});
