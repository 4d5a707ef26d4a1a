/**
 * `npm test`: does all the set-up, then runs every check and test, one runner after the other (two cores are
 * enough). Its last line is `N passed, N failed` over all of them. `npm test -- unit` runs only the named parts.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, ensureBuild, ensureChromium, ensureDependencies, root } from './lib/setup.mjs';

const wanted = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const totals = { passed: 0, failed: 0, skipped: 0 };

function command(name, args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn('npx', ['--no-install', name, ...args], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
      env: { ...process.env, ...environment },
    });
    child.on('error', () => resolve(1));
    child.on('close', resolve);
  });
}

/** A check that only passes or fails counts as one test. */
async function check(title, name, args) {
  console.log(`\n── ${title}`);
  const code = await command(name, args);
  if (code === 0) totals.passed++;
  else totals.failed++;
}

/** A vitest run counts as its tests; a run that breaks before its report counts as one failure. */
async function suite(title, config, environment) {
  console.log(`\n── ${title}`);
  const report = join(cacheFolder('test'), `${config}.json`);
  rmSync(report, { force: true });
  const args = [
    'run',
    '--project',
    config,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const code = await command('vitest', args, environment);
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    totals.passed += result.numPassedTests;
    totals.failed += result.numFailedTests;
    totals.skipped += result.numPendingTests + result.numTodoTests;
    if (code !== 0 && result.numFailedTests === 0) totals.failed++;
  } catch {
    totals.failed++;
  }
}

const parts = {
  types: () => check('Types', 'tsc', ['--noEmit', '-p', '.']),
  components: () => check('Components', 'svelte-check', ['--threshold', 'warning', '--output', 'human']),
  lint: () => check('Lint', 'eslint', ['.']),
  format: () => check('Format', 'prettier', ['--check', '--log-level', 'warn', '.']),
  unit: () => suite('Unit tests (Node)', 'unit'),
  // Chromium brings the software adapter that Dawn finds in Node.
  dawn: async () => (await ensureChromium(), await suite('WebGPU in Node (Dawn)', 'dawn')),
  browser: async () =>
    suite('Browser tests (Chromium)', 'browser', { CHROMIUM_PATH: await ensureChromium() }),
  e2e: async () => suite('End-to-end tests (Chromium)', 'e2e', { CHROMIUM_PATH: await ensureChromium() }),
};

try {
  const unknown = wanted.filter((name) => !(name in parts));
  if (unknown.length)
    throw new Error(`Unknown part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`);
  const started = Date.now();
  await ensureDependencies();
  await ensureBuild();
  for (const [name, runPart] of Object.entries(parts))
    if (!wanted.length || wanted.includes(name)) await runPart();
  console.log(`\n${Math.round((Date.now() - started) / 1000)} s, ${totals.skipped} skipped`);
} catch (error) {
  console.error(`\n${error.message}`);
  totals.failed++;
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed ? 1 : 0);
