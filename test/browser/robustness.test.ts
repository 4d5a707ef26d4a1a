/** Proves: a trainer that dies at any moment loses at most a step, and bad input leaves what was there untouched. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApp, type App } from '../helpers/chromium.ts';

let app: App;

beforeAll(async () => {
  app = await openApp();
});
afterAll(async () => {
  await app.close();
});

const modelFolder = 'public/models/fulcrum-mini';

describe('a page whose trainer dies', () => {
  it('is told so, loses at most the step under way, and goes on from the checkpoint', async () => {
    const runId = await app.page.evaluate(async () => {
      const { library, openProfile, runProfile, openRun, parseConfig } = window.fulcrum;
      const model = (await library.builtInModels())[0]!;
      const dataset = await library.importBuiltInDataset('helpdesk', () => undefined);
      const config = parseConfig({
        maxCandidates: 48,
        steps: 5,
        pivotsPerStep: 8,
        evaluateTurns: 8,
        checkpointEvery: 1,
        evaluateEvery: 100,
        minMixedShare: 0,
        maxMean: 1.01,
      });
      const where = { datasetId: dataset.id, modelId: model.id };
      const profile = await openProfile({ ...where, warmStartRunId: null, config });
      await runProfile(profile.id, () => undefined).done;
      return (await openRun({ ...where, kind: 'pivotrl', profileId: profile.id, startRunId: null, config }))
        .id;
    });

    // The worker is ended from outside while the third step is under way: no event tells the page.
    let atStepThree: () => void;
    const reached = new Promise<void>((resolve) => (atStepThree = resolve));
    await app.page.exposeFunction('reachedStepThree', () => atStepThree());
    const outcome = app.page.evaluate(
      (id) =>
        new Promise<{ code: string; last: number }>((resolve) => {
          let last = 0;
          const task = window.fulcrum.runTraining(id, (event) => {
            if (event.type === 'checkpoint') last = event.step;
            if (event.type === 'phase' && event.phase === 'rollout' && last === 2)
              (window as unknown as { reachedStepThree: () => void }).reachedStepThree();
          });
          task.done.catch((error: { code: string }) => resolve({ code: error.code, last }));
        }),
      runId,
    );
    await reached;
    const trainer = app.page.workers().find((worker) => worker.url().includes('trainer'))!;
    await trainer.evaluate(() => self.close());
    const { code, last } = await outcome;
    expect(code).toBe('worker-lost');

    const steps = await app.page.evaluate(async (id) => {
      const seen: number[] = [];
      await window.fulcrum.runTraining(id, (event) => {
        if (event.type === 'metrics') seen.push(event.metrics.step);
      }).done;
      return seen;
    }, runId);
    expect(steps[0]).toBe(last + 1);
    expect(steps.at(-1)).toBe(5);
  });

  it('does not let a second tab work on the same run', async () => {
    const id = await app.page.evaluate(async () => {
      const { library, openProfile, parseConfig } = window.fulcrum;
      const [model, dataset] = [
        (await library.builtInModels())[0]!,
        await library.importBuiltInDataset('helpdesk', () => undefined),
      ];
      const config = parseConfig({ maxCandidates: 400, seed: 'two tabs' });
      const profile = await openProfile({
        datasetId: dataset.id,
        modelId: model.id,
        warmStartRunId: null,
        config,
      });
      return profile.id;
    });
    const other = await app.context.newPage();
    await other.goto(app.url);
    await other.waitForFunction(() => 'fulcrum' in window);
    const running = app.page.evaluate(
      (profile) =>
        new Promise<void>((resolve) => {
          const task = window.fulcrum.runProfile(profile, (event) => {
            if (event.type === 'started') (window as unknown as { task: typeof task }).task = task;
            if (event.type === 'started') resolve();
          });
        }),
      id,
    );
    await running;
    const code = await other.evaluate(
      (profile) =>
        window.fulcrum
          .runProfile(profile, () => undefined)
          .done.catch((error: { code: string }) => error.code),
      id,
    );
    expect(code).toBe('run-elsewhere');
    await app.page.evaluate(() =>
      (window as unknown as { task: { stop(): void; done: Promise<void> } }).task.stop(),
    );
    await other.close();
  });
});

describe('bad input', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bad-'));
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  /** Gives files to a call of the library and returns the error it ends with, and what is stored afterwards. */
  async function failureOf(method: 'importDataset' | 'importModel', paths: string[]) {
    await app.page.evaluate(() => {
      document.getElementById('given')?.remove();
      document.body.append(
        Object.assign(document.createElement('input'), { type: 'file', id: 'given', multiple: true }),
      );
    });
    await app.page.setInputFiles('#given', paths);
    return app.page.evaluate(async (name) => {
      const files = [...(document.getElementById('given') as HTMLInputElement).files!];
      const { library } = window.fulcrum;
      const call =
        name === 'importDataset'
          ? library.importDataset('bad', files, false, () => undefined)
          : library.importModel('bad', files, () => undefined);
      return call.then(
        () => null,
        (error: { code: string; message: string; hint: string; place?: { file?: string } }) => ({
          code: error.code,
          message: error.message,
          hint: error.hint,
          file: error.place?.file ?? '',
        }),
      );
    }, method);
  }

  const config = JSON.parse(readFileSync(`${modelFolder}/config.json`, 'utf8')) as Record<string, unknown>;
  const parts = (change: Record<string, string | Uint8Array>) => {
    const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
    return names.map((name) => file(name, change[name] ?? readFileSync(`${modelFolder}/${name}`)));
  };

  it('names a text file called .jsonl and an empty file', async () => {
    expect(
      await failureOf('importDataset', [file('notes.jsonl', 'dear diary\nnothing happened today\n')]),
    ).toMatchObject({
      message: expect.stringContaining('notes.jsonl') as string,
    });
    const empty = await failureOf('importDataset', [file('empty.jsonl', '')]);
    expect(empty?.message).toContain('empty.jsonl');
    expect(empty?.hint.length).toBeGreaterThan(10);
  });

  it('names a truncated weight file and what to do', async () => {
    const whole = readFileSync(`${modelFolder}/model.safetensors`);
    const error = await failureOf(
      'importModel',
      parts({ 'model.safetensors': whole.subarray(0, whole.length / 2) }),
    );
    expect(error?.file).toBe('model.safetensors');
    expect(error?.hint).toMatch(/again/i);
  });

  it('refuses impossible sizes, foreign architectures and tokenizers that do not fit, by name', async () => {
    const huge = JSON.stringify({ ...config, num_hidden_layers: 1e9 });
    expect((await failureOf('importModel', parts({ 'config.json': huge })))?.message).toContain(
      'num_hidden_layers',
    );
    const foreign = JSON.stringify({ ...config, architectures: ['MambaForCausalLM'], model_type: 'mamba' });
    const refused = await failureOf('importModel', parts({ 'config.json': foreign }));
    expect(refused?.code).toBe('architecture-unsupported');
    expect(refused?.message).toMatch(/mamba/i);
    const small = JSON.stringify({ ...config, vocab_size: 100 });
    expect(await failureOf('importModel', parts({ 'config.json': small }))).not.toBeNull();
    expect((await failureOf('importModel', parts({ 'tokenizer.json': 'no json' })))?.file).toBe(
      'tokenizer.json',
    );
  });

  it('leaves everything that was stored as it was', async () => {
    const after = await app.page.evaluate(async () => {
      const models = await window.fulcrum.library.builtInModels();
      const dataset = await window.fulcrum.library.importBuiltInDataset('helpdesk', () => undefined);
      return { models: models.map((model) => model.name), trajectories: dataset.trajectories };
    });
    expect(after).toEqual({ models: ['fulcrum-mini', 'fulcrum-small'], trajectories: 400 });
  });
});

const shared = '../shared/data/models';

describe.skipIf(!existsSync(shared))(
  'real checkpoints, dropped as folders (skipped where ../shared is absent)',
  () => {
    it.each(['stories260k', 'babyllama-tok105'])(
      'continue text exactly as their golden file says: %s',
      async (name) => {
        const golden = JSON.parse(readFileSync(`${shared}/${name}/golden.json`, 'utf8')) as {
          cases: { prompt: string; greedy_ids: number[]; greedy_text: string }[];
        };
        await app.page.evaluate(() => {
          document.getElementById('given')?.remove();
          document.body.append(
            Object.assign(document.createElement('input'), { type: 'file', id: 'given', multiple: true }),
          );
        });
        const files = [
          'config.json',
          'tokenizer.json',
          'tokenizer_config.json',
          'generation_config.json',
          'model.safetensors',
        ];
        await app.page.setInputFiles(
          '#given',
          files.map((part) => `${shared}/${name}/${part}`),
        );
        for (const backend of ['wasm', 'webgpu'] as const) {
          const count = backend === 'webgpu' ? 24 : 64;
          const { prompt, greedy_ids } = golden.cases[0]!;
          const ids = await app.page.evaluate(
            async ([title, text, chosen, tokens]) => {
              const dropped = [...(document.getElementById('given') as HTMLInputElement).files!];
              const model = await window.fulcrum.library.importModel(title, dropped, () => undefined);
              const options = {
                temperature: 0,
                maxNewTokens: tokens,
                seed: '0',
                isChat: false,
                backend: chosen,
              };
              return (await window.fulcrum.complete(model.id, null, text, options)).ids;
            },
            [name, prompt, backend, Math.min(count, greedy_ids.length)] as const,
          );
          expect([backend, ids]).toEqual([backend, greedy_ids.slice(0, count)]);
        }
      },
    );
  },
);
