/**
 * Proves: the built site works from a sub-path of a host that sets no headers, isolated by its service worker, and a
 * model download that breaks off goes on where it stopped.
 */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { openApp, type App } from '../helpers/chromium.ts';

const folder = 'public/models/fulcrum-mini';
const open: { close(): Promise<void> }[] = [];

afterAll(async () => {
  for (const one of open) await one.close();
});

async function start(options: Parameters<typeof openApp>[0]): Promise<App> {
  const app = await openApp(options);
  open.push(app);
  return app;
}

describe('a plain static host', () => {
  it('serves the app from a sub-path, isolated and able to compute', async () => {
    const { page } = await start({ isolate: false, prefix: '/some/where/' });
    await page.waitForFunction(() => crossOriginIsolated, undefined, { timeout: 30_000 });
    await page.waitForFunction(() => 'fulcrum' in window);
    const report = await page.evaluate(() => window.fulcrum.selfTest('wasm'));
    expect(report.passed).toBe(true);
    const models = await page.evaluate(async () =>
      (await window.fulcrum.library.builtInModels()).map(({ name }) => name),
    );
    expect(models).toEqual(['fulcrum-mini', 'fulcrum-small']);
  });
});

/** Serves a model folder with ranges; cuts the weights' first answer off half-way. */
function breakingServer(): Promise<{ url: string; ranges: string[]; server: Server }> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    const name = request.url!.slice(1);
    const headers = {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    };
    if (request.method === 'OPTIONS') return response.writeHead(204, headers).end();
    let size: number;
    try {
      size = statSync(`${folder}/${name}`).size;
    } catch {
      return response.writeHead(404, headers).end();
    }
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= size) return response.writeHead(416, headers).end();
    if (name === 'model.safetensors') ranges.push(request.headers.range ?? 'all');
    response.writeHead(from ? 206 : 200, { ...headers, 'Content-Length': size - from });
    const isFirst = name === 'model.safetensors' && ranges.length === 1;
    if (!isFirst) return createReadStream(`${folder}/${name}`, { start: from }).pipe(response);
    response.write(readFileSync(`${folder}/${name}`).subarray(0, size / 2), () =>
      setTimeout(() => response.destroy(), 300),
    );
    return response;
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://localhost:${port}`, ranges, server });
    });
  });
}

describe('downloading a model', () => {
  it('keeps what arrived when the connection breaks, goes on from there, and checks the whole', async () => {
    const { url, ranges, server } = await breakingServer();
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const { page } = await start({});
    const download = () =>
      page.evaluate(async (source) => {
        const seen: number[] = [];
        const result = await window.fulcrum.library
          .downloadModel(source, ({ label, done }) => label.includes('model.safetensors') && seen.push(done))
          .then(
            ({ hash, parameters, kind }) => ({ hash, parameters, kind }),
            (error: { code: string; hint: string }) => ({ code: error.code, hint: error.hint }),
          );
        return { result, first: seen[0] ?? 0 };
      }, url);
    expect((await download()).result).toMatchObject({
      code: 'download-failed',
      hint: expect.stringMatching(/goes on/) as string,
    });
    const second = await download();
    expect(second.result).toMatchObject({ kind: 'stored', parameters: 886_144 });
    const half = Math.floor(statSync(`${folder}/model.safetensors`).size / 2);
    expect(ranges).toEqual(['all', `bytes=${half}-`]);
    expect(second.first).toBeGreaterThan(half);
    // The same bytes as the model that comes with the app.
    const builtIn = await page.evaluate(async () => (await window.fulcrum.library.builtInModels())[0]!.hash);
    expect(second.result).toMatchObject({ hash: builtIn });
  });

  it('says what is wrong with a name that is neither a Hub id nor an address', async () => {
    const { page } = await start({});
    const error = await page.evaluate(() =>
      window.fulcrum.library
        .downloadModel('just words here', () => undefined)
        .catch((e: { code: string }) => e.code),
    );
    expect(error).toBe('source-invalid');
  });
});
