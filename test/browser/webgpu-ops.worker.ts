/** The thread under test of `webgpu-ops.test.ts`. */
import { report, type Work } from './webgpu-ops.report.ts';

report(JSON.parse(self.name) as Work).then(postMessage, (error: unknown) =>
  postMessage({ error: String(error instanceof Error ? (error.stack ?? error.message) : error) }),
);
