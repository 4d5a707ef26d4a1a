/** The profiler thread: owns a GPU device and the frozen starting model; ended when its work is done. */
import * as Comlink from 'comlink';
import { carryErrors } from '../src/client/carry-errors.ts';
import { holdLifeline } from '../src/client/lifeline.ts';
import { createProfilerService } from '../src/session/profiler-service.ts';
import { createThread } from '../src/session/thread.ts';
import { surroundings } from './surroundings.ts';

const thread = createThread(surroundings);
holdLifeline(() => thread.close());
carryErrors();
Comlink.expose(createProfilerService(thread));
