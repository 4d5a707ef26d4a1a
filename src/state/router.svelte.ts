/** Which screen is open and what is chosen on it, as the page's address has it. Only non-default fields stand there. */
import { readAddress, writeAddress } from '../config/url.ts';
import { defaultConfig, type RunConfig } from '../config/schema.ts';

export const screens = [
  { path: '', label: 'Start', number: null },
  { path: 'data', label: 'Data', number: 1 },
  { path: 'pivots', label: 'Pivots', number: 2 },
  { path: 'train', label: 'Train', number: 3 },
  { path: 'rollouts', label: 'Rollouts', number: null },
  { path: 'compare', label: 'Compare', number: null },
  { path: 'models', label: 'Models', number: null },
  { path: 'learn', label: 'Learn', number: null },
  { path: 'system', label: 'System', number: null },
] as const;

export type ScreenPath = (typeof screens)[number]['path'];

/** Choices that mean the same on every screen; the others belong to one screen and are dropped on leaving it. */
const SHARED = ['data', 'model', 'profile', 'run', 'warm', 'with'];

type Changes = Record<string, string | number | null>;

class Router {
  path = $state<ScreenPath>('');
  config = $state.raw<RunConfig>(defaultConfig());
  rest = $state.raw<Record<string, string>>({});
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Follows the address bar from now on. */
  start(): void {
    this.#read();
    addEventListener('hashchange', () => this.#read());
  }

  #read(): void {
    // A write that waits belongs to the place that was just left.
    clearTimeout(this.#timer);
    const { path, config, rest } = readAddress(location.hash);
    this.path = screens.find((screen) => screen.path === path)?.path ?? '';
    this.config = config;
    this.rest = rest;
  }

  /** The address of a screen with the shared choices and these. */
  href(path: ScreenPath, changes: Changes = {}): string {
    const shared = Object.fromEntries(Object.entries(this.rest).filter(([name]) => SHARED.includes(name)));
    return writeAddress({ path, config: this.config, rest: applied(shared, changes) });
  }

  /** Opens a screen; the back button returns here. */
  go(path: ScreenPath, changes: Changes = {}): void {
    location.hash = this.href(path, changes);
  }

  /** Changes choices on the screen that is open, without a step for the back button. */
  choose(changes: Changes): void {
    this.rest = applied(this.rest, changes);
    this.#write();
  }

  configure(changes: Partial<RunConfig>): void {
    this.config = { ...this.config, ...changes };
    this.#write();
  }

  /** Delayed: browsers allow only some hundred changes of the address a minute, and sliders make more. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      history.replaceState(null, '', writeAddress({ path: this.path, config: this.config, rest: this.rest }));
    }, 200);
  }
}

function applied(rest: Record<string, string>, changes: Changes): Record<string, string> {
  const out = { ...rest };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete out[name];
    else out[name] = String(value);
  }
  return out;
}

export const router = new Router();
