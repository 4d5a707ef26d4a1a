/**
 * Runs lines of a test on the sources of a project, for real, in the sandbox. The sources are untrusted: they may loop,
 * throw or be no JavaScript at all. Leaves out sources that replace what the runner is made of (`JSON`): in the sandbox
 * they harm nobody, but they could claim to pass.
 */
import { runScript } from '../../verifier/script-sandbox.ts';

/** Counted in steps, so that a busy machine changes no episode; a test that ends needs less than one. */
const LIMIT_STEPS = 50;
/** Never reached before the steps are, unless an edit found something slow that counts no steps. */
const LIMIT_MS = 2000;
const LONGEST_ERROR = 40;
/** Results of the latest runs: agents test what they have just tested, and groups of them test the same repair. */
const CACHED_RUNS = 2000;
const cache = new Map<string, string>();

/** `pass`, or `FAIL` with the first line that is not true, or with why nothing could be run. */
export async function runTests(sources: readonly string[], lines: readonly string[]): Promise<string> {
  // All files are one scope, as scripts of a page are.
  const script = `(() => {\n${sources.join('\n')}\nglobalThis.tools = {\n${lines
    .map((line, index) => `t${index}: () => { return ${line}\n},`)
    .join('\n')}\n}; })();`;
  const known = cache.get(script);
  if (known !== undefined) return known;
  const result = await run(script, lines);
  if (cache.size >= CACHED_RUNS) cache.delete(cache.keys().next().value!);
  cache.set(script, result);
  return result;
}

async function run(script: string, lines: readonly string[]): Promise<string> {
  const calls = lines.map((_, index) => ({ name: `t${index}`, argumentsText: 'null' }));
  const outcome = await runScript({ script }, calls, LIMIT_MS, LIMIT_STEPS);
  if (outcome.kind === 'timed-out') return 'FAIL no end';
  if (outcome.kind === 'failed') return `FAIL ${outcome.what.replace(/^.*: /, '').slice(0, LONGEST_ERROR)}`;
  const failing = outcome.results.findIndex(({ value, isError }) => isError || value !== 'true');
  if (failing < 0) return 'pass';
  const { value, isError } = outcome.results[failing]!;
  return `FAIL ${lines[failing]!}${isError ? ` ${value.slice(1, -1).slice(0, LONGEST_ERROR)}` : ''}`;
}
