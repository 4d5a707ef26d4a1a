/** The process under test of `operations.test.ts`: prints its report as the last line. */
import { openDawn } from '../../scripts/lib/dawn.ts';
import { report, type Work } from '../browser/webgpu-ops.report.ts';

await openDawn();
console.log(JSON.stringify(await report(JSON.parse(process.argv[2]!) as Work)));
process.exit(0);
