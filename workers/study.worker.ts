/** The study thread: owns a backend and the model that one cell after the other trains; ended when its work is done. */
import * as Comlink from 'comlink';
import { carryErrors } from '../src/client/carry-errors.ts';
import { holdLifeline } from '../src/client/lifeline.ts';
import { createThread } from '../src/session/thread.ts';
import { createStudyService } from '../src/study/study-service.ts';
import { surroundings } from './surroundings.ts';

const thread = createThread(surroundings);
holdLifeline(() => thread.close());
carryErrors();
Comlink.expose(createStudyService(thread));
