/** `npm run reproduce`: sets up what is missing and runs the study. See reproduce.ts for the options. */
import { ensureDependencies, run } from './lib/setup.mjs';

try {
  await ensureDependencies();
  await run('node', ['scripts/build-kernels.mjs']);
  await run('npx', ['--no-install', 'tsx', 'scripts/reproduce.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}
