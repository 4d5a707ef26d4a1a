/**
 * wllama (llama.cpp in WASM): as many rows at once as the task says, by requests that it decodes together. It keeps the
 * prompt of a row in its cache and reuses it for the next row that begins alike, as its server does by default. Text
 * goes in and comes out; the vocabulary of one character a token makes ids of it. It cannot train.
 */
import { Wllama } from '@wllama/wllama/esm/index.js';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import { ggufModel, idsOf, textOf } from '../gguf.ts';
import { answer, repeatDecoding, type Measurement, type Task } from '../measure.ts';
import { decoding, prompts, weightsOf } from '../work.ts';

const { promptTokens, newTokens, samplesPerPrompt } = decoding;
const silent = { debug() {}, log() {}, warn() {}, error() {} };

async function decode(task: Task): Promise<Measurement> {
  const { size, atOnce = 1, threads = navigator.hardwareConcurrency } = task;
  const wllama = new Wllama({ default: wasmUrl }, { logger: silent, suppressNativeLog: true });
  await wllama.loadModel([new Blob([ggufModel(size, weightsOf(size, 0.08))])], {
    n_threads: threads,
    n_gpu_layers: 0,
    n_parallel: atOnce,
    n_ctx: atOnce * (promptTokens + newTokens),
    n_batch: 512,
    cache_type_k: 'f32',
    cache_type_v: 'f32',
  });
  const texts = prompts(size.vocabulary).flatMap((prompt) =>
    new Array<string>(samplesPerPrompt).fill(textOf(prompt)),
  );
  let check: number[] = [];
  const measured = await repeatDecoding(task, newTokens, async (count) => {
    const replies: number[][] = [];
    for (let from = 0; from < texts.length; from += atOnce) {
      const some = texts.slice(from, from + atOnce).map(async (prompt) => {
        // Its `temperature: 0` is greedy.
        const { choices } = await wllama.createCompletion({ prompt, max_tokens: count, temperature: 0 });
        return idsOf(choices[0]!.text);
      });
      replies.push(...(await Promise.all(some)));
    }
    if (replies.some((ids) => ids.length !== count)) throw new Error('wllama ended a row early');
    check = replies.filter((_, row) => row % samplesPerPrompt === 0).flatMap((ids) => ids.slice(0, 3));
  });
  const facts = { threads: wllama.getNumThreads(), rowsAtOnce: atOnce, ...measured.facts };
  await wllama.exit();
  return { ...measured, check, tokens: texts.length * newTokens, facts };
}

await answer({ decode });
