/**
 * Proves what a person meets on the page: every screen opens at both widths without errors or sideways scrolling, says
 * what it waits for, takes files by dropping, keeps its state in the address, and is worked by keyboard.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApp, type App } from '../helpers/chromium.ts';

const screens = ['', 'data', 'pivots', 'train', 'rollouts', 'compare', 'models', 'learn', 'system'];
let app: App;

beforeAll(async () => {
  app = await openApp();
});
afterAll(async () => {
  await app.close();
});

const open = async (path: string): Promise<void> => {
  await app.page.goto(`${app.url}#/${path}`);
};

/** Drops files on the body as a file manager does. */
async function drop(...files: { name: string; text: string }[]): Promise<void> {
  await app.page.evaluate((given) => {
    const dataTransfer = new DataTransfer();
    for (const { name, text } of given) dataTransfer.items.add(new File([text], name));
    for (const type of ['dragenter', 'dragover', 'drop'])
      document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
  }, files);
}

describe('an empty page', () => {
  it('says beside each screen what it waits for, and the button there leads to it', async () => {
    const { page } = app;
    const navigation = page.getByRole('navigation', { name: 'Screens' });
    await navigation.getByRole('link', { name: 'Pivots needs data' }).click();
    await page.getByRole('link', { name: 'Choose data first' }).click();
    await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor();
    expect(page.url()).toContain('#/data');
  });

  it('names file and place of what cannot be read, and the banner goes when dismissed', async () => {
    const { page } = app;
    await drop({ name: 'notes.jsonl', text: 'no JSON at all\n' });
    const alert = page.getByRole('alert');
    await alert.getByText('notes.jsonl').first().waitFor();
    expect(await alert.innerText()).toMatch(/row 1/);
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    expect(await alert.count()).toBe(0);
  });

  it('asks before it stores secrets, and stores nothing when told not to', async () => {
    const { page } = app;
    const key = `sk-${'abcdefghij'.repeat(5)}`;
    const messages = [
      { role: 'user', content: `My key is ${key}` },
      { role: 'assistant', content: 'Thank you.' },
    ];
    await drop({ name: 'secret.jsonl', text: `${JSON.stringify({ messages })}\n` });
    await page.getByRole('heading', { name: /Secrets were found/ }).waitFor();
    await page.getByRole('button', { name: 'Do not import' }).click();
    await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor();
  });
});

describe('a page with data', () => {
  it('shows a turn as the model sees it and tries the verifier on it', async () => {
    const { page } = app;
    await open('data');
    await page.getByRole('button', { name: 'Use the built-in help desk' }).click();
    await page.getByText(/Prompt \d+ tokens, demonstrated action \d+ tokens/).waitFor();
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('reward 1.00').waitFor();
  });

  it('profiles with the settings of the address and moves λ by keyboard, with the count at once', async () => {
    const { page } = app;
    await open('pivots?maxCandidates=32&profileSamples=4&verifier=strict');
    await page.getByRole('button', { name: 'Find the pivots' }).click();
    await page.getByText('32 / 32').waitFor();
    await page.getByRole('button', { name: 'Export as NeMo Gym rows' }).waitFor();
    expect(await page.locator('circle[data-dot]').count()).toBe(32);
    const count = page.getByText(/^[\d,]+ pivots?$/);
    const pivotsAt = async (key: 'PageUp' | 'PageDown'): Promise<number> => {
      const handle = page.getByRole('slider', { name: 'λ, largest mean reward' }).first();
      for (let press = 0; press < 12; press++) await handle.press(key);
      return parseInt(await count.innerText(), 10);
    };
    const most = await pivotsAt('PageUp');
    expect(await page.locator('circle[data-dot].pivot').count()).toBe(most);
    await expect.poll(() => page.url()).toContain('maxMean=1.01');
    const least = await pivotsAt('PageDown');
    expect(most).toBeGreaterThan(least);
    await page.getByText('Demonstrated', { exact: true }).waitFor();
  });

  it('keeps only what differs from the defaults in the address, over a reload', async () => {
    const { page } = app;
    await open('train?steps=12&learningRate=notanumber');
    await page.getByLabel('Steps', { exact: true }).waitFor();
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('12');
    await page.getByLabel('Pivots a step').fill('4');
    await expect.poll(() => page.url()).toContain('pivotsPerStep=4');
    expect(page.url()).not.toContain('learningRate');
    await page.reload();
    expect(await page.getByLabel('Pivots a step').inputValue()).toBe('4');
    await page.getByLabel('Pivots a step').fill('0');
    await page.getByText('Pivots a step must lie between 1 and 512.').waitFor();
  });

  it('opens screens by their numbers, but not while somebody types', async () => {
    const { page } = app;
    await open('');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('7');
    await page.getByRole('heading', { name: 'Add a model' }).waitFor();
    await page.getByLabel('Prompt', { exact: true }).fill('1');
    await page.getByLabel('Prompt', { exact: true }).press('2');
    expect(page.url()).toContain('#/models');
    await page.getByRole('heading', { name: 'Try it' }).click();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it.each([
    ['desktop', 1360, 930, 'light'],
    ['phone', 390, 844, 'dark'],
  ] as const)(
    'opens every screen at %s width without scrolling sideways',
    async (_, width, height, scheme) => {
      const { page } = app;
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      for (const path of screens) {
        await open(path);
        await page.locator('main h1, main h2').first().waitFor();
        await page.waitForTimeout(200);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `#/${path}`).toBeLessThanOrEqual(0);
      }
      await page.setViewportSize({ width: 1360, height: 930 });
    },
  );

  it('did all this without an uncaught error', () => {
    expect(app.problems).toEqual([]);
  });
});
