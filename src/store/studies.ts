/** Finished cells of studies: a study that was cut goes on behind the last of them. */
import type { Json } from '../base/json.ts';
import { database, startingWith } from './database.ts';

export async function readStudyCell(study: string, cell: string): Promise<Json | undefined> {
  return (await (await database()).get('studyCells', [study, cell]))?.result;
}

/** All finished cells of a study, by cell. */
export async function readStudy(study: string): Promise<Map<string, Json>> {
  const cells = await (await database()).getAll('studyCells', startingWith(study));
  return new Map(cells.map(({ cell, result }) => [cell, result]));
}

export async function writeStudyCell(study: string, cell: string, result: Json): Promise<void> {
  await (await database()).put('studyCells', { study, cell, result });
}

export async function deleteStudy(study: string): Promise<void> {
  await (await database()).delete('studyCells', startingWith(study));
}
