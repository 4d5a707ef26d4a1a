/** The trainer thread: owns a GPU device and the policy. */
import * as Comlink from 'comlink';
import { carryErrors } from '../src/client/carry-errors.ts';
import { holdLifeline } from '../src/client/lifeline.ts';
import { createThread } from '../src/session/thread.ts';
import { createTrainerService } from '../src/session/trainer-service.ts';
import { surroundings } from './surroundings.ts';

const thread = createThread(surroundings);
holdLifeline(() => thread.close());
carryErrors();
Comlink.expose(createTrainerService(thread));
