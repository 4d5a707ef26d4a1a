/**
 * The paper's results as arithmetic on one prompt with a handful of actions: a softmax policy over them, a reward for
 * each, the signal of a group (Proposition 3.1, Theorem 3.2) and the KL projection (Theorem 3.3).
 *
 * A policy is the vector of its probabilities, all above zero, summing to 1.
 */

/** E[r] under the policy; ρ where rewards are 0 or 1. */
export function expectedReward(policy: readonly number[], rewards: readonly number[]): number {
  return policy.reduce((sum, probability, a) => sum + probability * rewards[a]!, 0);
}

/** Var[r] under the policy. */
export function rewardVariance(policy: readonly number[], rewards: readonly number[]): number {
  const mean = expectedReward(policy, rewards);
  return policy.reduce((sum, probability, a) => sum + probability * (rewards[a]! - mean) ** 2, 0);
}

/**
 * Natural gradient of E[r] in the logits of a softmax policy, F⁺∇J. With ∂J/∂θₐ = πₐ(rₐ − J) and F = diag(π) − ππᵀ it
 * is r − J, up to a constant that moves no probability.
 */
export function naturalGradient(policy: readonly number[], rewards: readonly number[]): number[] {
  const mean = expectedReward(policy, rewards);
  return rewards.map((reward) => reward - mean);
}

/** Length of a change of logits in the Fisher metric: √(xᵀFx), the deviation of x under the policy. */
export function fisherNorm(policy: readonly number[], change: readonly number[]): number {
  return Math.sqrt(rewardVariance(policy, change));
}

/**
 * The minimiser of −E[r] + β·KL(π‖π₀): π₀ reweighted by e^{r/β} (Theorem 3.3). Actions of equal reward keep their
 * ratios.
 * @param klWeight β > 0
 */
export function project(start: readonly number[], rewards: readonly number[], klWeight: number): number[] {
  // Divided through by the largest factor, so that a small β does not overflow.
  const best = Math.max(...rewards);
  const weights = start.map((probability, a) => probability * Math.exp((rewards[a]! - best) / klWeight));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Theorem 3.2: γ = ‖natural gradient‖ / β² = √Var[r] / β², the speed at which the projection moves as β shrinks. */
export function signal(policy: readonly number[], rewards: readonly number[], klWeight: number): number {
  return Math.sqrt(rewardVariance(policy, rewards)) / klWeight ** 2;
}

/** Theorem 3.3 for 0/1 rewards: q = ρe^{1/β} / (ρe^{1/β} + 1 − ρ), the projection's probability of an acceptable action. */
export function projectedSuccess(successProbability: number, klWeight: number): number {
  const rest = (1 - successProbability) * Math.exp(-1 / klWeight);
  return successProbability === 0 ? 0 : successProbability / (successProbability + rest);
}

/** Probability that a group of G rollouts is mixed: 1 − ρ^G − (1 − ρ)^G. */
export function mixedProbability(successProbability: number, groupSize: number): number {
  return 1 - successProbability ** groupSize - (1 - successProbability) ** groupSize;
}

/** One action's probability changed, the others scaled to make room, all kept above `floor`. */
export function withProbability(
  policy: readonly number[],
  action: number,
  wanted: number,
  floor = 0.005,
): number[] {
  const probability = Math.min(1 - floor * (policy.length - 1), Math.max(floor, wanted));
  const others = 1 - policy[action]!;
  const scaled = policy.map((old, a) =>
    a === action ? probability : Math.max(floor, (old / others) * (1 - probability)),
  );
  const excess = scaled.reduce((sum, value) => sum + value, 0) - 1;
  const room = scaled.reduce((sum, value, a) => sum + (a === action ? 0 : value - floor), 0);
  // What the floor added is taken back from those above it.
  return scaled.map((value, a) =>
    a === action || room <= 0 ? value : value - ((value - floor) / room) * excess,
  );
}
