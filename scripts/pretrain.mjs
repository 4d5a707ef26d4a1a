/** `npm run pretrain`: sets up what is missing, makes the text and trains a built-in model. See pretrain.ts for how. */
import { ensureDependencies, run } from './lib/setup.mjs';

try {
  await ensureDependencies();
  await run('node', ['scripts/build-kernels.mjs']);
  await run('npx', ['--no-install', 'tsx', 'scripts/pretrain-tokens.ts']);
  await run('npx', ['--no-install', 'tsx', 'scripts/pretrain.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}
