/**
 * Attention for software adapters: each invocation has some queries (or keys) in registers and goes through all keys
 * (queries), without workgroup memory. The kernels for GPUs are in `attention-tiled.ts`.
 */
import {
  access,
  attentionNumbers,
  buffers,
  range,
  totalsType,
  visibility,
  type Variant,
} from './attention-code.ts';
import type { Source } from './gpu.ts';

const threads = 8;

/** Queries or keys of an invocation: as many as its registers bear. */
const rowsEach = (width: number) => (width <= 32 ? 4 : width <= 64 ? 2 : 1);

export function registerBlocks(length: number, rowsTimesHeads: number, width: number): number {
  return Math.ceil((Math.ceil(length / rowsEach(width)) * rowsTimesHeads) / threads);
}

/** Where an invocation works: batch row `b`, head, first token `x0`. Heads are side by side: they see the same keys. */
const place = (heads: string, each: number) => `  let index = block * ${threads}u + lane;
  let head = index % ${heads};
  let tiles = (n.length + ${each - 1}u) / ${each}u;
  let x0 = index / ${heads} % tiles * ${each}u;
  let base = index / ${heads} / tiles * n.length;
  if (base >= n.rows * n.length) { return; }`;

const lines = (...parts: (string | string[])[]) => parts.flat().join('\n');

interface Pass {
  variant: Variant;
  reads: string[];
  plain?: Record<string, string>;
  writes: string[];
  plainWrites?: Record<string, string>;
  main: string;
}

function source({ variant, reads, plain = {}, writes, plainWrites = {}, main }: Pass): Source {
  return {
    reads: { ...buffers(variant, reads), ...plain, segments: 'i32' },
    writes: { ...buffers(variant, writes), ...plainWrites },
    numbers: attentionNumbers,
    threads,
    declarations: `${visibility}\n${access(variant, reads, writes)}`,
    main,
  };
}

/** Names the token `y`, and for each row r whether it sees it; passes over tokens that nobody sees. */
function seen(each: number, isQuery: boolean): string[] {
  const sees = (r: number) => {
    const [own, other] = [`x0 + ${r}u, own${r}`, 'y, other'];
    return isQuery ? `sees(${own}, ${other})` : `sees(${other}, ${own})`;
  };
  return [
    '    let token = base + y;',
    '    let other = segments[token];',
    ...range(each).map((r) => `    let seen${r} = x0 + ${r}u < n.length && ${sees(r)};`),
    `    if (!(${range(each)
      .map((r) => `seen${r}`)
      .join(' || ')})) { continue; }`,
  ];
}

const owns = (each: number) =>
  range(each).flatMap((r) => [
    `  var own${r} = -1;`,
    `  if (x0 + ${r}u < n.length) { own${r} = segments[base + x0 + ${r}u]; }`,
    `  let token_x${r} = base + min(x0 + ${r}u, n.length - 1u);`,
  ]);

/** Loads a head of each own token into `<name><r>_<d>`. */
const loadOwn = (name: string, buffer: string, heads: string, head: string, each: number, fours: number) =>
  range(each).flatMap((r) =>
    range(fours).map(
      (d) =>
        `  let ${name}${r}_${d} = load_${buffer}((token_x${r} * ${heads} + ${head}) * n.width, ${4 * d}u);`,
    ),
  );

const zeros = (name: string, each: number, fours: number) =>
  range(each).flatMap((r) => range(fours).map((d) => `  var ${name}${r}_${d} = vec4<f32>();`));

/** `<score><r>` = own `<left>` · the vectors that `right` names. */
function products(
  score: string,
  left: string,
  right: (r: number, d: number) => string,
  each: number,
  fours: number,
): string[] {
  return range(each).flatMap((r) => [
    `    var ${score}${r} = 0.0;`,
    ...range(fours).map((d) => `    ${score}${r} += dot(${left}${r}_${d}, ${right(r, d)});`),
  ]);
}

/** Vectors of token y, as `load` names them. */
const ofToken = (name: string) => (_: number, d: number) => `${name}${d}`;

/** `<sum><r>_<d>` += `<weight><r>` · token y of `buffer`. */
function accumulate(sum: string, weight: string, values: string, each: number, fours: number): string[] {
  return range(fours).flatMap((d) =>
    range(each).map((r) => `    ${sum}${r}_${d} += ${weight}${r} * ${values}${d};`),
  );
}

/** Loads a head of token y into `<name><d>`. */
function load(name: string, buffer: string, heads: string, head: string, fours: number): string[] {
  return [
    `    let ${name}Start = (token * ${heads} + ${head}) * n.width;`,
    ...range(fours).map((d) => `    let ${name}${d} = load_${buffer}(${name}Start, ${4 * d}u);`),
  ];
}

const store = (
  buffer: string,
  sum: string,
  factor: (r: number) => string,
  heads: string,
  each: number,
  fours: number,
) =>
  range(each).flatMap((r) => [
    `  if (x0 + ${r}u < n.length) {`,
    ...range(fours).map(
      (d) =>
        `    put_${buffer}((token_x${r} * ${heads} + head) * n.width, ${4 * d}u, ${sum}${r}_${d}${factor(r)});`,
    ),
    '  }',
  ]);

export function forward(variant: Variant): Source {
  const each = rowsEach(variant.headWidth);
  const fours = Math.ceil(variant.headWidth / 4);
  const softmax = range(each).flatMap((r) => [
    `    let s${r} = select(-3.0e38, score${r} * n.scale, seen${r});`,
    `    let top${r} = max(m${r}, s${r});`,
    `    let shrink${r} = exp(m${r} - top${r});`,
    `    let p${r} = select(0.0, exp(s${r} - top${r}), seen${r});`,
    `    m${r} = top${r};`,
    `    l${r} = l${r} * shrink${r} + p${r};`,
    ...range(fours).map((d) => `    o${r}_${d} = o${r}_${d} * shrink${r} + p${r} * value${d};`),
  ]);
  return source({
    variant,
    reads: ['q', 'k', 'v'],
    writes: ['out'],
    plainWrites: totalsType,
    main: lines(
      place('n.heads', each),
      '  let kv = head / (n.heads / n.kvHeads);',
      owns(each),
      loadOwn('q', 'q', 'n.heads', 'head', each, fours),
      zeros('o', each, fours),
      range(each).map((r) => `  var m${r} = -3.0e38;\n  var l${r} = 0.0;`),
      `  for (var y = 0u; y < min(x0 + ${each}u, n.length); y++) {`,
      seen(each, true),
      load('key', 'k', 'n.kvHeads', 'kv', fours),
      products('score', 'q', ofToken('key'), each, fours),
      load('value', 'v', 'n.kvHeads', 'kv', fours),
      softmax,
      '  }',
      range(each).map((r) => `  let inverse${r} = select(0.0, 1.0 / l${r}, l${r} > 0.0);`),
      store('out', 'o', (r) => ` * inverse${r}`, 'n.heads', each, fours),
      range(each).map(
        (r) =>
          `  if (x0 + ${r}u < n.length) { totals[token_x${r} * n.heads + head].x = select(0.0, m${r} + log(l${r}), l${r} > 0.0); }`,
      ),
    ),
  });
}

export function backwardQueries(variant: Variant): Source {
  const each = rowsEach(variant.headWidth);
  const fours = Math.ceil(variant.headWidth / 4);
  return source({
    variant,
    reads: ['dOut', 'q', 'k', 'v', 'out'],
    writes: ['dq'],
    plainWrites: totalsType,
    main: lines(
      place('n.heads', each),
      '  let kv = head / (n.heads / n.kvHeads);',
      owns(each),
      loadOwn('q', 'q', 'n.heads', 'head', each, fours),
      loadOwn('up', 'dOut', 'n.heads', 'head', each, fours),
      loadOwn('out', 'out', 'n.heads', 'head', each, fours),
      products('spread', 'up', (r, d) => `out${r}_${d}`, each, fours),
      range(each).flatMap((r) => [
        `  let total${r} = totals[token_x${r} * n.heads + head].x;`,
        `  if (x0 + ${r}u < n.length) { totals[token_x${r} * n.heads + head].y = spread${r}; }`,
      ]),
      zeros('d', each, fours),
      `  for (var y = 0u; y < min(x0 + ${each}u, n.length); y++) {`,
      seen(each, true),
      load('key', 'k', 'n.kvHeads', 'kv', fours),
      load('value', 'v', 'n.kvHeads', 'kv', fours),
      products('score', 'q', ofToken('key'), each, fours),
      products('dShare', 'up', ofToken('value'), each, fours),
      range(each).flatMap((r) => [
        `    let p${r} = select(0.0, exp(min(score${r} * n.scale - total${r}, 0.0)), seen${r});`,
        `    let ds${r} = p${r} * (dShare${r} - spread${r}) * n.scale;`,
      ]),
      accumulate('d', 'ds', 'key', each, fours),
      '  }',
      store('dq', 'd', () => '', 'n.heads', each, fours),
    ),
  });
}

export function backwardKeys(variant: Variant): Source {
  const each = rowsEach(variant.headWidth);
  const fours = Math.ceil(variant.headWidth / 4);
  return source({
    variant,
    reads: ['dOut', 'q', 'k', 'v'],
    plain: totalsType,
    writes: ['dk', 'dv'],
    main: lines(
      place('n.kvHeads', each),
      '  let perKv = n.heads / n.kvHeads;',
      owns(each),
      loadOwn('k', 'k', 'n.kvHeads', 'head', each, fours),
      loadOwn('v', 'v', 'n.kvHeads', 'head', each, fours),
      zeros('dk', each, fours),
      zeros('dv', each, fours),
      '  for (var query = head * perKv; query < (head + 1u) * perKv; query++) {',
      '  for (var y = x0; y < n.length; y++) {',
      seen(each, false),
      '    let total = totals[token * n.heads + query].x;',
      '    let spreads = totals[token * n.heads + query].y;',
      load('q', 'q', 'n.heads', 'query', fours),
      load('up', 'dOut', 'n.heads', 'query', fours),
      products('score', 'k', ofToken('q'), each, fours),
      products('dShare', 'v', ofToken('up'), each, fours),
      range(each).flatMap((r) => [
        `    let p${r} = select(0.0, exp(min(score${r} * n.scale - total, 0.0)), seen${r});`,
        `    let ds${r} = p${r} * (dShare${r} - spreads) * n.scale;`,
      ]),
      accumulate('dk', 'ds', 'q', each, fours),
      accumulate('dv', 'p', 'up', each, fours),
      '  }',
      '  }',
      store('dk', 'dk', () => '', 'n.kvHeads', each, fours),
      store('dv', 'dv', () => '', 'n.kvHeads', each, fours),
    ),
  });
}
