import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builtInModelRecords } from '../../../scripts/index-models.ts';

it('the list of built-in models says what their files are: `npm run index:models` writes it', async () => {
  const listed = JSON.parse(readFileSync('public/models/index.json', 'utf8')) as unknown;
  expect(listed).toEqual(await builtInModelRecords());
});
