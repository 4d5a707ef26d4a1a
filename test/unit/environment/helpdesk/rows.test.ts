import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DATASET_PATH, datasetText } from '../../../../scripts/make-dataset.ts';

describe('the embedded dataset', () => {
  it('is, byte for byte, what its script makes', async () => {
    expect(existsSync(DATASET_PATH)).toBe(true);
    expect(readFileSync(DATASET_PATH, 'utf8') === (await datasetText())).toBe(true);
  });

  it('holds successful trajectories only, with unique ids', async () => {
    const rows = (await datasetText())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; reward: number; messages: { role: string }[] });
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    for (const row of rows) {
      expect(row.reward).toBe(1);
      expect(row.messages.at(-1)!.role).toBe('assistant');
    }
  });
});
