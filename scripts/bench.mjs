/**
 * `npm run bench`: sets up what is missing and measures our engine beside its peers (bench/run.ts), or
 * with `--gpu` by itself on a real GPU (bench/gpu/main.ts).
 */
import { ensureDependencies, run } from './lib/setup.mjs';

try {
  await ensureDependencies();
  await run('node', ['scripts/build-kernels.mjs']);
  const given = process.argv.slice(2);
  const isGpu = given.includes('--gpu');
  const program = isGpu ? 'bench/gpu/main.ts' : 'bench/run.ts';
  await run('npx', ['--no-install', 'tsx', program, ...given.filter((flag) => flag !== '--gpu')]);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}
