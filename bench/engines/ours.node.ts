/** Fulcrum's own engine in Node, on WebGPU through Dawn: takes a task in JSON, prints the measurement as its last line. */
import { openDawn } from '../../scripts/lib/dawn.ts';
import { countCalls } from '../calls.ts';
import type { Measurement, Task } from '../measure.ts';
import { group } from './ours-group.ts';
import { decode, train } from './ours.ts';

await openDawn();
countCalls();
const work: Record<string, (task: Task) => Promise<Measurement>> = { train, decode, group };
const task = JSON.parse(process.argv[2]!) as Task;
process.stdout.write(`\n${JSON.stringify(await work[task.work]!(task))}\n`, () => process.exit(0));
