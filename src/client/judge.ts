/**
 * Where a judge's questions can go from the page: a stored model in a thread of its own, or the model that comes with
 * the browser. One question at a time each; an OpenAI-compatible server is asked by `verifier/judge-endpoint.ts`.
 */
import type { TrainerService } from '../session/services.ts';
import { openService } from './spawn.ts';

/** Loading a model counts, too. */
const LIMIT_MS = 180_000;
const MAX_NEW_TOKENS = 256;

const service = openService<TrainerService>(
  'The judge',
  () =>
    new Worker(new URL('../../workers/trainer.worker.ts', import.meta.url), {
      type: 'module',
      name: 'judge',
    }),
);

/** Rejects, and ends the work, after the limit. */
async function limited<T>(work: Promise<T>, end: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the model did not answer within ${LIMIT_MS / 1000} s`));
      end();
    }, LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer!);
  }
}

/** One after the other: a model has one device and one memory. */
function inTurn<Args extends unknown[]>(ask: (...args: Args) => Promise<string>) {
  let last: Promise<unknown> = Promise.resolve();
  return (...args: Args): Promise<string> => {
    const answer = last.then(() => ask(...args));
    last = answer.catch(() => undefined);
    return answer;
  };
}

/** Greedy answer of a model as it is stored, never of a run: a policy must not judge itself as it changes. */
export const askStoredModel = inTurn(async (modelId: string, prompt: string): Promise<string> => {
  const options = { temperature: 0, maxNewTokens: MAX_NEW_TOKENS, seed: 'judge', isChat: true };
  const { text } = await limited(service.call('complete', modelId, null, prompt, options), service.kill);
  return text;
});

/** Gives the thread's memory back. */
export const endStoredModel = (): void => void service.kill();

/** What Chrome calls `LanguageModel` (developer.chrome.com/docs/ai/prompt-api), as far as it is used here. */
interface BrowserModel {
  availability(options: object): Promise<'unavailable' | 'downloadable' | 'downloading' | 'available'>;
  create(
    options: object,
  ): Promise<{ prompt(text: string, options?: object): Promise<string>; destroy(): void }>;
}

const SPEAKS = {
  expectedInputs: [{ type: 'text', languages: ['en'] }],
  expectedOutputs: [{ type: 'text', languages: ['en'] }],
};

const browserModel = () => (globalThis as { LanguageModel?: BrowserModel }).LanguageModel;

export async function browserModelState(): Promise<Awaited<ReturnType<BrowserModel['availability']>>> {
  return (await browserModel()?.availability(SPEAKS)) ?? 'unavailable';
}

/** Begins its download where need be; call it from a click, else browsers refuse. */
export async function prepareBrowserModel(onProgress: (share: number) => void): Promise<void> {
  const monitor = (target: EventTarget) =>
    target.addEventListener('downloadprogress', (event) => onProgress((event as ProgressEvent).loaded));
  const session = await browserModel()?.create({ ...SPEAKS, monitor });
  session?.destroy();
}

/** A session a question, so that no answer depends on what was asked before. */
export const askBrowserModel = inTurn(async (prompt: string): Promise<string> => {
  const model = browserModel();
  if (!model) throw new Error('this browser has no model of its own');
  const abort = new AbortController();
  const answer = async () => {
    const session = await model.create({ ...SPEAKS, signal: abort.signal });
    try {
      return await session.prompt(prompt, { signal: abort.signal });
    } finally {
      session.destroy();
    }
  };
  return limited(answer(), () => abort.abort());
});
