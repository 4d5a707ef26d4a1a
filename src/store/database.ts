/**
 * The IndexedDB database: its stores, keys and upgrades. Reads and writes are one file per store beside this one.
 * Every worker and the page open their own connection; a version change in another tab closes this one cleanly.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { AppError } from '../base/errors.ts';
import type { Metrics } from '../session/metrics.ts';
import type {
  CheckpointRecord,
  DatasetRecord,
  GroupRecord,
  ModelRecord,
  ProfiledTurn,
  ProfileRecord,
  RunRecord,
  StoredTrajectory,
  StudyCell,
} from './schema.ts';

export interface FulcrumDatabase extends DBSchema {
  datasets: { key: string; value: DatasetRecord };
  trajectories: { key: [datasetId: string, index: number]; value: StoredTrajectory };
  models: { key: string; value: ModelRecord };
  profiles: { key: string; value: ProfileRecord };
  profiledTurns: { key: [profileId: string, candidateId: string]; value: ProfiledTurn };
  runs: { key: string; value: RunRecord };
  metrics: { key: [runId: string, step: number]; value: { runId: string; step: number; metrics: Metrics } };
  groups: { key: [runId: string, step: number, index: number]; value: GroupRecord };
  checkpoints: { key: [runId: string, step: number]; value: CheckpointRecord };
  studyCells: { key: [study: string, cell: string]; value: StudyCell };
}

const NAME = 'fulcrum';
const VERSION = 2;

let connection: Promise<IDBPDatabase<FulcrumDatabase>> | null = null;

/** @throws AppError `database-blocked` when another tab holds an older version open */
export function database(): Promise<IDBPDatabase<FulcrumDatabase>> {
  connection ??= new Promise((resolve, reject) => {
    openDB<FulcrumDatabase>(NAME, VERSION, {
      upgrade(db, oldVersion) {
        if (oldVersion < 1) {
          db.createObjectStore('datasets', { keyPath: 'id' });
          db.createObjectStore('trajectories', { keyPath: ['datasetId', 'index'] });
          db.createObjectStore('models', { keyPath: 'id' });
          db.createObjectStore('profiles', { keyPath: 'id' });
          db.createObjectStore('profiledTurns', { keyPath: ['profileId', 'candidateId'] });
          db.createObjectStore('runs', { keyPath: 'id' });
          db.createObjectStore('metrics', { keyPath: ['runId', 'step'] });
          db.createObjectStore('groups', { keyPath: ['runId', 'step', 'index'] });
          db.createObjectStore('checkpoints', { keyPath: ['runId', 'step'] });
        }
        if (oldVersion < 2) db.createObjectStore('studyCells', { keyPath: ['study', 'cell'] });
      },
      blocked() {
        reject(
          new AppError(
            'database-blocked',
            'Another tab holds an older version of Fulcrum’s data open.',
            'Close the other tabs of this page and reload.',
          ),
        );
      },
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        connection = null;
      },
      terminated() {
        connection = null;
      },
    }).then(resolve, reject);
  });
  connection.catch(() => (connection = null));
  return connection;
}

/** All keys that begin with `prefix`: an array key sorts above every number and string. */
export function startingWith(...prefix: (string | number)[]): IDBKeyRange {
  return IDBKeyRange.bound(prefix, [...prefix, []]);
}
