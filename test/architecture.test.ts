/**
 * Proves: imports run one way only, packages are used where they belong, there are no cycles and no file outgrew
 * its name. The arrows are the table below; a type-only import may also follow `types`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Arrows {
  imports: string[];
  types?: string[];
}

const leaves = ['config', 'trajectory', 'text', 'compute', 'verifier', 'environment', 'store'];
/** What of a study is plain arithmetic on its results, so that the page may draw it. */
const report = ['plan', 'cells', 'collect', 'select', 'tables', 'claims', 'curves', 'paper', 'text'].map(
  (name) => `study/${name}.ts`,
);
const arrows: Record<string, Arrows> = {
  base: { imports: [] },
  config: { imports: ['base'] },
  trajectory: { imports: ['base', 'text'] },
  text: { imports: ['base'], types: ['trajectory', 'verifier'] },
  verifier: { imports: ['base', 'trajectory', 'text'] },
  environment: { imports: ['base', 'trajectory', 'verifier', 'text'] },
  store: { imports: ['base'], types: ['config', 'trajectory', 'session'] },
  compute: { imports: ['base'] },
  model: { imports: ['base', 'compute'] },
  rollout: { imports: ['base', 'compute', 'model'] },
  pivot: { imports: ['base'], types: ['trajectory', 'verifier'] },
  train: { imports: ['base', 'compute'] },
  export: { imports: ['base', 'model'], types: ['store', 'config', 'trajectory'] },
  session: { imports: ['base', ...leaves, 'model', 'rollout', 'pivot', 'train', 'export'] },
  study: {
    imports: [
      'base',
      'config',
      'trajectory',
      'text',
      'environment',
      'verifier',
      'compute',
      'model',
      'rollout',
      'pivot',
      'train',
      'session',
      // Only the worker's service, which keeps cells.
      'store/models.ts',
      'store/studies.ts',
    ],
  },
  workers: {
    imports: [
      'base',
      'session',
      'study',
      'trajectory',
      'verifier',
      'store',
      'client/carry-errors.ts',
      'client/lifeline.ts',
    ],
  },
  client: {
    imports: ['base', 'config'],
    types: ['session', 'study', 'store', 'config', 'trajectory', 'verifier'],
  },
  state: {
    imports: [
      'base',
      'client',
      'store',
      'config',
      'pivot',
      'verifier/preset-names.ts',
      'verifier/measured.json',
      'verifier/judge-budget.ts',
      'verifier/judge-channel.ts',
      'verifier/judge-endpoint.ts',
      'verifier/judge-rubric.ts',
      ...report,
    ],
    types: ['session', 'study', 'trajectory', 'verifier', 'model'],
  },
  ui: { imports: ['base'] },
  pages: {
    imports: ['base', 'ui', 'state', 'config', 'pivot', 'session/metrics.ts', ...report],
    types: ['store', 'session', 'study', 'trajectory', 'verifier'],
  },
  app: { imports: ['base', 'ui', 'state', 'config', 'pages', 'client/scripting.ts'], types: ['session'] },
};

const packages: Record<string, string[]> = {
  '@tensorflow/': ['compute', 'model', 'rollout', 'train', 'session'],
  comlink: ['workers', 'client'],
  idb: ['store'],
  svelte: ['app', 'ui', 'pages', 'state'],
};

interface Import {
  target: string;
  isType: boolean;
}
interface Source {
  path: string;
  folder: string;
  lines: number;
  imports: Import[];
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/assembly/'));
}

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const imports: Import[] = [];
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm))
    imports.push({ target: match[2]!, isType: Boolean(match[1]) });
  for (const match of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g))
    imports.push({ target: match[1]!, isType: false });
  const parts = path.split('/');
  const folder = parts[0] === 'workers' ? 'workers' : parts.length === 2 ? 'app' : parts[1]!;
  return { path, folder, lines: text.split('\n').length, imports };
}

const sources = [...filesUnder('src'), ...filesUnder('workers')].map(readSource);
const resolve = (from: string, target: string) => normalize(join(dirname(from), target.replace(/\?.*$/, '')));

describe('the house', () => {
  it('has only folders that the arrows know', () => {
    expect(
      [...new Set(sources.map((source) => source.folder))].filter((folder) => !(folder in arrows)),
    ).toEqual([]);
  });

  it('imports one way only', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      const { imports, types = [] } = arrows[source.folder]!;
      for (const { target, isType } of source.imports) {
        if (!target.startsWith('.')) continue;
        const path = resolve(source.path, target);
        const [top, folder, ...rest] = path.split('/');
        if (top !== 'src' || folder === source.folder || !rest.length) continue;
        const allowed = [...imports, ...(isType ? types : [])];
        if (!allowed.includes(folder!) && !allowed.includes(`${folder}/${rest.join('/')}`))
          wrong.push(`${source.path} → ${path}${isType ? ' (type)' : ''}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('uses packages only where they belong', () => {
    const wrong: string[] = [];
    for (const source of sources)
      for (const { target, isType } of source.imports)
        for (const [name, folders] of Object.entries(packages)) {
          // Addresses of files, not code.
          if (target.endsWith('?url')) continue;
          const matches = name.endsWith('/')
            ? target.startsWith(name)
            : target === name || target.startsWith(`${name}/`);
          if (matches && !isType && !folders.includes(source.folder))
            wrong.push(`${source.path} → ${target}`);
        }
    expect(wrong).toEqual([]);
  });

  it('has no cycles among files', () => {
    const edges = new Map(
      sources.map((source) => [
        source.path,
        source.imports
          .filter(({ target, isType }) => target.startsWith('.') && !isType)
          .map(({ target }) => resolve(source.path, target)),
      ]),
    );
    const finished = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: string[]) => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      else if (!finished.has(path)) {
        for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
        finished.add(path);
      }
    };
    for (const path of edges.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('has no file that outgrew its name', () => {
    const limit = (path: string) => (path.endsWith('.svelte') ? 320 : 500);
    expect(
      sources.filter((source) => source.lines > limit(source.path)).map((source) => source.path),
    ).toEqual([]);
  });

  it('keeps worker entries thin', () => {
    expect(
      sources.filter((source) => source.folder === 'workers' && source.lines > 40).map((s) => s.path),
    ).toEqual([]);
  });

  it('shows no untrusted text as HTML and runs none as code', () => {
    const wrong = [...filesUnder('src'), ...filesUnder('workers')].filter((path) =>
      /\{@html|\.innerHTML\s*=|\beval\(|new Function\(|document\.write/.test(readFileSync(path, 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('begins every file with a sentence about it', () => {
    const silent = sources.filter(({ path }) => {
      const text = readFileSync(path, 'utf8').trimStart();
      return !(path.endsWith('.svelte')
        ? text.startsWith('<!--') || /<script[^>]*>\s*\/\*\*/.test(text)
        : text.startsWith('/**'));
    });
    expect(silent.map((source) => source.path)).toEqual([]);
  });
});
