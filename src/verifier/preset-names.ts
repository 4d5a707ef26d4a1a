/**
 * The verifier presets in words, in the order in which they are shown: what the page needs to offer them. What they do
 * is in `presets.ts`. A preset's name is stored with every result: never rename one, and give changed behaviour a new
 * name.
 */

export interface PresetWords {
  /** Stable kebab-case name. */
  name: string;
  title: string;
  /** One or two sentences: what is rewarded and what it is for. */
  summary: string;
}

export const presetWords = [
  {
    name: 'guarded',
    title: 'Guarded (default)',
    summary:
      'Calls earn the f1 of those equivalent to the demonstrated ones; schema defaults and accepted values count. Prose on a tool turn is worse than a wrong call, malformed output worse still; any message on a message turn earns half a point.',
  },
  {
    name: 'guarded-calls-only',
    title: 'Guarded, tool turns only',
    summary: 'As guarded, but turns on which a message was demonstrated get no verdict and are left out.',
  },
  {
    name: 'guarded-told',
    title: 'Guarded, messages read',
    summary:
      'As guarded, but a message earns what a call does when it tells the same numbers and facts as the demonstrated one, half of that when there is nothing to check, and nothing when it tells others. Needs the facts in the dataset.',
  },
  {
    name: 'gym-conversational',
    title: 'NeMo Gym, conversational',
    summary:
      'NVIDIA’s comparison for conversational tool use, bit for bit: any message on a message turn, free texts from a tenth of shared words. Surplus calls are free.',
  },
  {
    name: 'gym-search',
    title: 'NeMo Gym, search',
    summary:
      'NVIDIA’s comparison for search turns, bit for bit: as conversational, with more shared words asked of queries.',
  },
  {
    name: 'gym-swe',
    title: 'NeMo Gym, coding',
    summary:
      'NVIDIA’s comparison for coding turns, bit for bit: tool, keys, types, numbers and one-word texts must fit, longer texts always do.',
  },
  {
    name: 'gym-parallel-f1',
    title: 'NeMo Gym, parallel calls (f1)',
    summary:
      'NVIDIA’s comparison for several calls in one turn, bit for bit: missing and surplus calls cost alike.',
  },
  {
    name: 'gym-swe-pivot',
    title: 'NeMo Gym, coding in levels',
    summary:
      'NVIDIA’s swe_pivot, bit for bit: kind of tool, then file or command, then at least 0.8 similar text.',
  },
  {
    name: 'gym-swe-pivot-tool',
    title: 'NeMo Gym, coding by kind of tool',
    summary: 'NVIDIA’s swe_pivot as in the paper: only the kind of tool counts. Deliberately coarse.',
  },
  {
    name: 'gym-terminal',
    title: 'NeMo Gym, terminal',
    summary:
      'NVIDIA’s terminus_judge without its language model, bit for bit: schema, completion flag, keystrokes at least 0.95 similar.',
  },
  {
    name: 'gym-terminal-90',
    title: 'NeMo Gym, terminal (0.9)',
    summary: 'As gym-terminal, with the threshold of NVIDIA’s string-only configuration.',
  },
  {
    name: 'sql',
    title: 'SQL by execution',
    summary:
      'Runs the query and the demonstrated one in SQLite and compares rows and tables. Needs the database in the dataset.',
  },
  {
    name: 'shell',
    title: 'Shell by execution',
    summary:
      'Runs both commands in a simulated shell and compares output and files, in the dataset’s file system or in made-up ones. Commands that the shell lacks get no verdict.',
  },
  {
    name: 'shell-simulated',
    title: 'Shell, simulated throughout',
    summary:
      'As shell, for agents that act in the simulated shell itself: what it lacks is their error, and messages must tell the same numbers and names as the demonstrated one, or earn half a point where that tells none.',
  },
  {
    name: 'script-tools',
    title: 'Tools in JavaScript',
    summary:
      'Runs the calls against tools that you wrote in JavaScript, in a sandbox, and compares the state they leave behind.',
  },
  {
    name: 'search-evidence',
    title: 'Search by evidence',
    summary: 'Two queries are equal when they find the same documents in the dataset’s corpus.',
  },
  {
    name: 'search-steps',
    title: 'Search, step by step',
    summary:
      'A search counts when it finds a document that the next step needs, opening counts for any such document, other calls by their arguments, as guarded. Needs documents and evidence in the dataset.',
  },
  {
    name: 'judge',
    title: 'Language model as judge',
    summary:
      'Asks a model twice whether the actions are equivalent. Off until you choose a model; slow, costly, and to be mistrusted.',
  },
  {
    name: 'strict',
    title: 'Strict match',
    summary: 'Only the demonstrated action itself counts. A control.',
  },
  {
    name: 'random',
    title: 'Random reward',
    summary: 'A coin. A control: what improves under it was not learnt from the verifier.',
  },
] as const satisfies readonly PresetWords[];

export type PresetName = (typeof presetWords)[number]['name'];
