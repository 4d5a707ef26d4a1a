/**
 * A GRPO step with the prompt of a group computed once or, as engines without prefix sharing must, once for each of
 * its samples.
 */
import { trainedParameters } from '../../src/model/policy.ts';
import { createAdamW } from '../../src/train/optimizer.ts';
import { grpoStep } from '../grpo-step.ts';
import { repeat, type Measurement, type Task } from '../measure.ts';
import { groups, optimizer as settings } from '../work.ts';
import { finished, open } from './ours-open.ts';

/** Tokens of one pass, as the app's default. */
const passTokens = 4096;

export async function group(task: Task): Promise<Measurement> {
  const { policy, facts } = await open(task, 0.08);
  const optimizer = createAdamW(trainedParameters(policy), settings);
  const { rows: pivots, length: promptTokens, newTokens, shared } = task;
  const { samplesPerPrompt } = groups;
  const step = { pivots, samplesPerPrompt, promptTokens, newTokens, passTokens, shared };
  const check: number[] = [];
  const phases: Measurement['facts'] = {};
  const measured = await repeat(task, async () => {
    const { rolloutMs, updateMs, trainedTokens, gradientNorm } = await grpoStep(
      policy,
      optimizer,
      step,
      finished,
    );
    Object.assign(phases, {
      rolloutMs: Math.round(rolloutMs),
      updateMs: Math.round(updateMs),
      trainedTokens,
    });
    check.push(gradientNorm);
  });
  return { ...measured, check, facts: { ...facts, ...phases } };
}
