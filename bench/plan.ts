/** Which engine does which work, in the order in which a round goes through them. */
import type { Task } from './measure.ts';
import { decoding, groups, smallModel } from './work.ts';

export interface Entry {
  /** The row of the table; what `--only` selects. */
  name: string;
  label: string;
  task: Task;
  /** At most so many rounds, for what is slow. */
  rounds?: number;
}

export function plan(quick: boolean): Entry[] {
  const budgetMs = quick ? 1500 : 3000;
  const common = { size: smallModel, rows: 8, length: 128, newTokens: decoding.newTokens, shared: true };
  const entry = (
    name: string,
    engine: string,
    backend: Task['backend'],
    task: Partial<Task> = {},
    rounds = 9,
  ): Entry => ({
    name,
    label: `${engine} ${backend}`,
    task: { engine, backend, work: name, budgetMs, ...common, ...task },
    rounds,
  });
  const once = { budgetMs: 0 };
  const grouped = { rows: 4, length: groups.promptTokens, newTokens: groups.newTokens };
  const everySample = {
    rows: decoding.prompts * decoding.samplesPerPrompt,
    length: decoding.promptTokens + decoding.newTokens,
  };
  const large = { size: { ...smallModel, vocabulary: 151_936 }, rows: 4, ...once };
  return [
    entry('train', 'ours', 'wasm'),
    entry('train', 'jax', 'wasm'),
    entry('train', 'tfjs', 'wasm'),
    entry('train', 'ours', 'webgpu', once, 2),
    entry('train', 'jax', 'webgpu', once, 2),
    entry('train', 'tfjs', 'webgpu', once, 1),
    entry('decode', 'ours', 'wasm'),
    entry('decode', 'ort', 'wasm'),
    { ...entry('decode', 'ort', 'wasm', { threads: 1 }), label: 'ort wasm, 1 thread' },
    entry('decode', 'jax', 'wasm', once),
    { ...entry('decode', 'wllama', 'wasm', { threads: 1, ...once }), label: 'wllama, 1 thread, in series' },
    {
      ...entry('decode', 'wllama', 'wasm', { threads: 1, atOnce: 8, ...once }),
      label: 'wllama, 1 thread, 8 rows',
    },
    // Its threads spin too: of fewer tokens, so that a busy machine still gets through.
    { ...entry('decode', 'wllama', 'wasm', { atOnce: 8, newTokens: 9, ...once }), label: 'wllama, 8 rows' },
    entry('decode', 'ours', 'webgpu', { newTokens: 17, ...once }, 1),
    entry('decode', 'ort', 'webgpu', { newTokens: 3, ...once }, 1),
    entry('decode', 'jax', 'webgpu', { newTokens: 3, ...once }, 1),
    entry('group', 'ours', 'wasm', grouped),
    { ...entry('group', 'ours', 'wasm', { ...grouped, shared: false }), label: 'ours wasm, unshared' },
    // What an application of these two would do: one decodes, the other trains on prompt and reply of every sample. Its
    // loss is that of the next token, which costs what a clipped ratio costs.
    entry('grpo', 'ours', 'wasm', { work: 'group' }),
    {
      // Its second thread spins, which costs more than it brings where cores are few.
      ...entry('grpo', 'ort', 'wasm', { work: 'decode', threads: 1, newTokens: 17, ...once }),
      label: 'ort wasm, rollouts',
    },
    {
      ...entry('grpo', 'jax', 'wasm', { work: 'train', ...everySample, ...once }),
      label: 'jax wasm, update',
    },
    entry('grpo webgpu', 'ours', 'webgpu', { work: 'group', ...once }, 1),
    {
      ...entry('grpo webgpu', 'ort', 'webgpu', { work: 'decode', newTokens: 3, ...once }, 1),
      label: 'ort webgpu, rollouts',
    },
    {
      ...entry(
        'grpo webgpu',
        'jax',
        'webgpu',
        { work: 'train', ...everySample, rows: 8, ofRows: everySample.rows, ...once },
        1,
      ),
      label: 'jax webgpu, update',
    },
    ...sizes.flatMap(({ label, size, rows }) => [
      entry(`curve ${label}`, 'ours', 'wasm', { work: 'train', size, rows }, 2),
      entry(`curve ${label}`, 'jax', 'wasm', { work: 'train', size, rows }, 2),
      entry(`curve ${label}`, 'ours', 'webgpu', { work: 'train', size, rows, ...once }, 1),
      entry(`curve ${label}`, 'jax', 'webgpu', { work: 'train', size, rows, ...once }, 1),
    ]),
    entry('loss', 'ours', 'wasm', large, 1),
    { ...entry('loss', 'ours', 'wasm', { ...large, shared: false }, 1), label: 'full logits wasm' },
  ];
}

/** Our own rows, on WebGPU through Dawn in Node. */
export function planInNode(quick: boolean): Entry[] {
  const own = plan(quick).filter(
    ({ name, task }) => task.engine === 'ours' && task.work !== 'loss' && name !== 'grpo webgpu',
  );
  const onWebgpu = own.filter(({ task }) => task.backend === 'webgpu' || task.work === 'group');
  return onWebgpu.map((entry) => ({
    ...entry,
    label: entry.task.shared ? 'ours Dawn' : 'ours Dawn, unshared',
    task: { ...entry.task, backend: 'webgpu' },
  }));
}

/** Beside the 1 M of `train`. Larger models get one row of 128 tokens, so that a step stays within seconds. */
const sizes = [
  { label: '0.1 M', rows: 8, size: { layers: 2, width: 64, heads: 4, feedForward: 192, vocabulary: 256 } },
  { label: '6 M', rows: 1, size: { layers: 6, width: 256, heads: 8, feedForward: 768, vocabulary: 2048 } },
  { label: '25 M', rows: 1, size: { layers: 8, width: 512, heads: 8, feedForward: 1152, vocabulary: 4096 } },
];
