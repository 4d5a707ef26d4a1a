/**
 * The paper's numbers that ours stand beside: PivotRL, arXiv 2603.21383v1 (22 March 2026), Qwen3-30B-A3B. In points
 * (percent); read from secondary accounts of the paper that agree with each other.
 */

/** Which of our worlds and skills stand for which benchmark; their own files say the same, and a test compares. */
export const paperWorlds: Record<string, { title: string; standsFor: string }> = {
  helpdesk: { title: 'Helpdesk', standsFor: 'τ²-Bench' },
  repair: { title: 'Repair', standsFor: 'SWE-Bench Verified' },
  shell: { title: 'Shell', standsFor: 'Terminal-Bench' },
  search: { title: 'Search', standsFor: 'BrowseComp' },
};
export const paperSkills: Record<string, string> = {
  instructions: 'IFBench',
  arithmetic: 'AIME25',
  algebra: 'MATH500',
  programs: 'LiveCodeBench',
  units: 'SciCode',
  facts: 'MMLU-Pro',
  'veli-facts': 'MMLU-ProX',
  translation: 'WMT24++',
};

/** Table 1, in domain, by the world that stands for the benchmark. */
export const paperInDomain: Record<string, { base: number; sft: number; pivotrl: number }> = {
  helpdesk: { base: 44.35, sft: 58.44, pivotrl: 63.81 }, // τ²-Bench
  shell: { base: 5.42, sft: 13.75, pivotrl: 20.0 }, // Terminal-Bench
  repair: { base: 19.07, sft: 37.4, pivotrl: 32.67 }, // SWE-Bench Verified
  search: { base: 2.5, sft: 1.5, pivotrl: 11.3 }, // BrowseComp
};

/** Table 2, out of domain: base, and the change by each method, mean over the training domains. */
export const paperOutOfDomain: Record<string, { base: number; sft: number; pivotrl: number }> = {
  IFBench: { base: 52.04, sft: -11.46, pivotrl: 0.82 },
  AIME25: { base: 86.04, sft: -19.72, pivotrl: -1.2 },
  MATH500: { base: 98.05, sft: -8.51, pivotrl: 0.35 },
  LiveCodeBench: { base: 66.52, sft: -7.76, pivotrl: -0.17 },
  SciCode: { base: 36.83, sft: -11.39, pivotrl: 1.9 },
  'MMLU-Pro': { base: 80.84, sft: -2.99, pivotrl: 0.31 },
  'MMLU-ProX': { base: 78.58, sft: -7.16, pivotrl: 0.12 },
  'WMT24++': { base: 36.97, sft: -9.61, pivotrl: -0.49 },
};
export const paperOutOfDomainMean = { base: 66.62, sft: -9.83, pivotrl: 0.21 };

/** Table 4, ablation on τ²-Bench. */
export const paperAblation: Record<string, number> = {
  pivotrl: 63.81,
  'no-filter': 59.68,
  'strict-reward': 57.34,
  sft: 58.44,
  base: 44.35,
};

/** Table 6, selection on τ²-Bench; a variant with mixed turns only is in none of our sources. */
export const paperSelection: Record<string, number> = {
  base: 44.35,
  sft: 58.44,
  'no-filter': 59.68,
  pivotrl: 63.81,
};

/** Figure 1 and §4.2, SWE-Bench Verified: what end-to-end RL needs for the same 32.67 %, as a multiple of PivotRL. */
export const paperEfficiency = { rolloutTurns: 542 / 133, wallClock: 5.5 };

/** §3.2: share of randomly sampled turns whose rewards are all equal, in percent. */
export const paperNoSignal = 71;
