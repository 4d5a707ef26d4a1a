/**
 * The names of everything a run measures. They are TRL's GRPO names verbatim where TRL has one, NeMo-RL's for the
 * agreement of sampler and trainer, ours (eval/, pivots/, time/, speed/) otherwise. Values are plain numbers.
 */
export interface Metrics {
  /** Updates done so far; 0 is the untouched model. */
  step: number;
  /** Milliseconds since the run began, pauses and closed tabs left out. */
  time: number;
  [name: string]: number;
}

/** What a metric means, with its unit, for charts and tables. */
export const metricHelp: Record<string, string> = {
  reward: 'Mean reward of all rollouts of the step',
  reward_std: 'Mean over groups of the reward deviation within the group',
  frac_reward_zero_std: 'Share of groups whose rewards are all equal: they teach nothing',
  kl: 'k3 estimate of KL(policy ‖ starting model), nats a token',
  entropy: 'Mean entropy of the policy on action tokens, nats',
  'clip_ratio/region_mean': 'Share of action tokens whose ratio was clipped',
  'clip_ratio/low_mean': 'Share clipped at the lower bound',
  'clip_ratio/high_mean': 'Share clipped at the upper bound',
  'completions/mean_length': 'Mean length of the actions, tokens',
  'completions/min_length': 'Shortest action, tokens',
  'completions/max_length': 'Longest action, tokens',
  'completions/mean_terminated_length': 'Mean length of the actions that ended by themselves, tokens',
  'completions/clipped_ratio': 'Share of actions cut off at the length limit',
  'tools/call_frequency': 'Share of actions with at least one tool call',
  'tools/failure_frequency': 'Share of actions whose tool call could not be read',
  num_tokens: 'Tokens processed since the run began, prompts included',
  step_time: 'Seconds of the step',
  grad_norm: 'Global norm of the gradient before clipping',
  learning_rate: 'Learning rate of the step',
  loss: 'GRPO loss; near zero by construction when on policy',
  token_mult_prob_error: 'Mean over tokens of exp|log π_train − log π_sample|; NVIDIA’s gate is 1.1',
  gen_kl_error: 'KL estimate between sampler and trainer; NVIDIA’s gate is 0.02',
  'eval/reward': 'Mean reward on held-out turns',
  'eval/pass': 'Share of held-out turns with full reward',
  'eval/success': 'Share of held-out tasks solved from start to end in the simulator',
  'pivots/informative_frac': 'Share of groups that still disagree',
  'time/rollout_s': 'Seconds spent sampling',
  'time/verify_s': 'Seconds spent verifying',
  'time/update_s': 'Seconds spent in forward, backward and optimizer',
  'time/evaluate_s': 'Seconds spent evaluating',
  'speed/tokens_per_second': 'Sampled tokens a second',
  'speed/update_tokens_per_second': 'Tokens trained on a second, prompts and padding included',
  'memory/backend_bytes': 'Bytes that the backend has allocated at the end of the step',
  'gpu/dispatches': 'Kernels sent to the GPU in the step: sampling, update and evaluation',
  rollout_turns: 'Turns sampled for training since the run began',
};
