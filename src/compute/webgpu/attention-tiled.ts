/**
 * Attention for GPUs: a workgroup has 32 queries (or keys) and goes through the keys (queries) 32 at a time, with both
 * in workgroup memory, 32 columns of a head at a time. Each of 64 invocations holds 4×4 scores and a 4th of 8 rows of
 * the result. Blocks that no token of the workgroup sees are passed over. All of it fits the guaranteed 16 KiB.
 *
 * Rows in workgroup memory are 9 vectors apart, and on the right side of a score lie in turned order (rows 0, 4, 8, …
 * first), so that neighbouring invocations read from different banks.
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

const threads = 64;
const edge = 32;

export function tiledBlocks(length: number, rowsTimesHeads: number): number {
  return Math.ceil(length / edge) * rowsTimesHeads;
}

const memory = `var<workgroup> left: array<vec4<f32>, 288>;
var<workgroup> right: array<vec4<f32>, 288>;
var<workgroup> share: array<vec4<f32>, 288>;
var<workgroup> edges: array<f32, 576>;
var<workgroup> owns: array<i32, 32>;
var<workgroup> others: array<i32, 32>;
var<workgroup> isLive: u32;`;

/** Copies 32 tokens of a buffer from `token0` on, columns 32·chunk and following, zeros beyond the end. */
function stage(buffer: string, target: 'left' | 'right', isTurned: boolean): string {
  const slot = isTurned ? 'r % 4u * 8u + r / 4u' : 'r';
  return `fn stage_${buffer}_${target}${isTurned ? '_turned' : ''}(base: u32, token0: u32, heads: u32, head: u32, chunk: u32, lane: u32) {
  for (var at = lane; at < 256u; at += ${threads}u) {
    let r = at / 8u;
    let c = at % 8u;
    var value = vec4<f32>();
    if (token0 + r < n.length) {
      value = load_${buffer}(((base + token0 + r) * heads + head) * n.width, chunk * 32u + c * 4u);
    }
    ${target}[(${slot}) * 9u + c] = value;
  }
}`;
}

const lines = (...parts: (string | string[])[]) => parts.flat().join('\n');

/** `<name><i>`[j] = row ty + 8i of the left buffer · row 4tx + j of the right one. */
function scores(name: string, left: [string, string, string], right: [string, string, string]): string[] {
  const [leftBuffer, leftHeads, leftHead] = left;
  const [rightBuffer, rightHeads, rightHead] = right;
  return [
    ...range(4).map((i) => `    var ${name}${i} = vec4<f32>();`),
    '    for (var chunk = 0u; chunk * 32u < n.width; chunk++) {',
    '      workgroupBarrier();',
    `      stage_${leftBuffer}_left(base, x0, ${leftHeads}, ${leftHead}, chunk, lane);`,
    `      stage_${rightBuffer}_right_turned(base, y0, ${rightHeads}, ${rightHead}, chunk, lane);`,
    '      workgroupBarrier();',
    '      for (var d = 0u; d < 8u; d++) {',
    ...range(4).map((j) => `        let r${j} = right[(${8 * j}u + tx) * 9u + d];`),
    ...range(4).flatMap((i) => [
      `        let l${i} = left[(ty + ${8 * i}u) * 9u + d];`,
      `        ${name}${i} += vec4<f32>(${range(4)
        .map((j) => `dot(l${i}, r${j})`)
        .join(', ')});`,
    ]),
    '      }',
    '    }',
  ];
}

/** `<sum><i>_<chunk>` += `share`, row ty + 8i, times the buffer. */
function mix(sum: string, [buffer, heads, head]: [string, string, string], chunks: number): string[] {
  return range(chunks).flatMap((chunk) => [
    '    workgroupBarrier();',
    `    stage_${buffer}_right(base, y0, ${heads}, ${head}, ${chunk}u, lane);`,
    '    workgroupBarrier();',
    '    for (var y = 0u; y < 8u; y++) {',
    ...range(4).map((j) => `      let v${j} = right[(y * 4u + ${j}u) * 9u + tx];`),
    ...range(4).flatMap((i) => [
      `      let p${i} = share[(ty + ${8 * i}u) * 9u + y];`,
      `      ${sum}${i}_${chunk} += p${i}.x * v0 + p${i}.y * v1 + p${i}.z * v2 + p${i}.w * v3;`,
    ]),
    '    }',
  ]);
}

const toShare = (name: string) => range(4).map((i) => `    share[(ty + ${8 * i}u) * 9u + tx] = ${name}${i};`);

const zeros = (name: string, chunks: number) =>
  range(4).flatMap((i) => range(chunks).map((chunk) => `  var ${name}${i}_${chunk} = vec4<f32>();`));

function place(heads: string): string {
  return `  let tx = lane % 8u;
  let ty = lane / 8u;
  let tiles = (n.length + ${edge - 1}u) / ${edge}u;
  let head = block % ${heads};
  let x0 = (tiles - 1u - block / ${heads} % tiles) * ${edge}u;
  let base = block / ${heads} / tiles * n.length;
  if (lane < ${edge}u) {
    var segment = -1;
    if (x0 + lane < n.length) { segment = segments[base + x0 + lane]; }
    owns[lane] = segment;
  }`;
}

/** Passes over the block at y0 unless some token of it belongs with some token at x0. */
function skip(isQuery: boolean): string {
  const related = isQuery
    ? 'owns[x] >= 0 && (other == 0 || other == owns[x])'
    : 'other >= 0 && (owns[x] == 0 || owns[x] == other)';
  return `    workgroupBarrier();
    if (lane == 0u) { isLive = 0u; }
    if (lane < ${edge}u) {
      var segment = -1;
      if (y0 + lane < n.length) { segment = segments[base + y0 + lane]; }
      others[lane] = segment;
    }
    workgroupBarrier();
    if (lane < ${edge}u) {
      let other = others[lane];
      var isRelated = false;
      for (var x = 0u; x < ${edge}u; x++) { isRelated = isRelated || (${related}); }
      if (isRelated) { isLive = 1u; }
    }
    if (workgroupUniformLoad(&isLive) == 0u) { continue; }`;
}

/** `seen<i>`[j]: whether the query sees the key, of which one is row ty + 8i and the other 4tx + j. */
function seen(isQuery: boolean): string[] {
  const sees = (i: number, j: number) => {
    const own = `x0 + ty + ${8 * i}u, owns[ty + ${8 * i}u]`;
    const other = `y0 + 4u * tx + ${j}u, others[4u * tx + ${j}u]`;
    return isQuery ? `sees(${own}, ${other})` : `sees(${other}, ${own})`;
  };
  return range(4).map(
    (i) =>
      `    let seen${i} = vec4<bool>(${range(4)
        .map((j) => sees(i, j))
        .join(', ')});`,
  );
}

function store(
  buffer: string,
  sum: string,
  heads: string,
  chunks: number,
  factor: (i: number) => string,
): string[] {
  return range(4).flatMap((i) => [
    `  if (x0 + ty + ${8 * i}u < n.length) {`,
    ...range(chunks).map(
      (chunk) =>
        `    put_${buffer}(((base + x0 + ty + ${8 * i}u) * ${heads} + head) * n.width, ${32 * chunk}u + 4u * tx, ${sum}${i}_${chunk}${factor(i)});`,
    ),
    '  }',
  ]);
}

const q: [string, string, string] = ['q', 'n.heads', 'head'];
const k: [string, string, string] = ['k', 'n.kvHeads', 'kv'];
const v: [string, string, string] = ['v', 'n.kvHeads', 'kv'];
const up: [string, string, string] = ['dOut', 'n.heads', 'head'];

export function forward(variant: Variant): Source {
  const chunks = Math.ceil(variant.headWidth / 32);
  const softmax = [
    ...range(4).flatMap((i) => [
      `    let s${i} = select(vec4<f32>(-3.0e38), score${i} * n.scale, seen${i});`,
      `    edges[(ty + ${8 * i}u) * 9u + tx] = max(max(s${i}.x, s${i}.y), max(s${i}.z, s${i}.w));`,
    ]),
    '    workgroupBarrier();',
    ...range(4).flatMap((i) => [
      `    var top${i} = m${i};`,
      `    for (var e = 0u; e < 8u; e++) { top${i} = max(top${i}, edges[(ty + ${8 * i}u) * 9u + e]); }`,
      `    let shrink${i} = exp(m${i} - top${i});`,
      `    let w${i} = select(vec4<f32>(), exp(s${i} - top${i}), seen${i});`,
      `    edges[288u + (ty + ${8 * i}u) * 9u + tx] = dot(w${i}, vec4<f32>(1.0));`,
      `    m${i} = top${i};`,
      `    l${i} *= shrink${i};`,
      ...range(chunks).map((chunk) => `    o${i}_${chunk} *= shrink${i};`),
    ]),
    ...toShare('w'),
    '    workgroupBarrier();',
    ...range(4).map(
      (i) => `    for (var e = 0u; e < 8u; e++) { l${i} += edges[288u + (ty + ${8 * i}u) * 9u + e]; }`,
    ),
  ];
  return {
    reads: { ...buffers(variant, ['q', 'k', 'v']), segments: 'i32' },
    writes: { ...buffers(variant, ['out']), ...totalsType },
    numbers: attentionNumbers,
    threads,
    declarations: [
      visibility,
      access(variant, ['q', 'k', 'v'], ['out']),
      memory,
      stage('q', 'left', false),
      stage('k', 'right', true),
      stage('v', 'right', false),
    ].join('\n'),
    main: lines(
      place('n.heads'),
      '  let kv = head / (n.heads / n.kvHeads);',
      zeros('o', chunks),
      range(4).map((i) => `  var m${i} = -3.0e38;\n  var l${i} = 0.0;`),
      `  for (var y0 = 0u; y0 <= x0; y0 += ${edge}u) {`,
      skip(true),
      scores('score', q, k),
      seen(true),
      softmax,
      mix('o', v, chunks),
      '  }',
      range(4).map((i) => `  let inverse${i} = select(0.0, 1.0 / l${i}, l${i} > 0.0);`),
      store('out', 'o', 'n.heads', chunks, (i) => ` * inverse${i}`),
      range(4).map(
        (i) => `  if (tx == 0u && x0 + ty + ${8 * i}u < n.length) {
    totals[(base + x0 + ty + ${8 * i}u) * n.heads + head].x = select(0.0, m${i} + log(l${i}), l${i} > 0.0);
  }`,
      ),
    ),
  };
}

function backward(
  variant: Variant,
  { reads, writes }: Record<'reads' | 'writes', string[]>,
  totals: 'read' | 'written',
  stages: string[],
  main: string,
): Source {
  return {
    reads: { ...buffers(variant, reads), ...(totals === 'read' && totalsType), segments: 'i32' },
    writes: { ...buffers(variant, writes), ...(totals === 'written' && totalsType) },
    numbers: attentionNumbers,
    threads,
    declarations: [visibility, access(variant, reads, writes), memory, ...stages].join('\n'),
    main,
  };
}

/** `spread<i>` = Σ dOut∘out of row ty + 8i, which the keys' pass wants too. */
function spreads(): string[] {
  const start = (i: number) => `((base + min(x0 + ty + ${8 * i}u, n.length - 1u)) * n.heads + head)`;
  return [
    ...range(4).map((i) => `  var part${i} = 0.0;`),
    '  for (var at = tx * 4u; at < n.width; at += 32u) {',
    ...range(4).map(
      (i) =>
        `    part${i} += dot(load_dOut(${start(i)} * n.width, at), load_out(${start(i)} * n.width, at));`,
    ),
    '  }',
    ...range(4).map((i) => `  edges[(ty + ${8 * i}u) * 9u + tx] = part${i};`),
    '  workgroupBarrier();',
    ...range(4).flatMap((i) => [
      `  var spread${i} = 0.0;`,
      `  for (var e = 0u; e < 8u; e++) { spread${i} += edges[(ty + ${8 * i}u) * 9u + e]; }`,
      `  let total${i} = totals[${start(i)}].x;`,
      `  if (tx == 0u && x0 + ty + ${8 * i}u < n.length) { totals[${start(i)}].y = spread${i}; }`,
    ]),
  ];
}

export function backwardQueries(variant: Variant): Source {
  const chunks = Math.ceil(variant.headWidth / 32);
  const stages = [
    stage('q', 'left', false),
    stage('dOut', 'left', false),
    stage('k', 'right', true),
    stage('v', 'right', true),
    stage('k', 'right', false),
  ];
  const main = lines(
    place('n.heads'),
    '  let kv = head / (n.heads / n.kvHeads);',
    zeros('d', chunks),
    spreads(),
    `  for (var y0 = 0u; y0 <= x0; y0 += ${edge}u) {`,
    skip(true),
    scores('score', q, k),
    scores('dShare', up, v),
    seen(true),
    range(4).flatMap((i) => [
      `    let p${i} = select(vec4<f32>(), exp(min(score${i} * n.scale - total${i}, vec4<f32>())), seen${i});`,
      `    let ds${i} = p${i} * (dShare${i} - spread${i}) * n.scale;`,
    ]),
    toShare('ds'),
    mix('d', k, chunks),
    '  }',
    store('dq', 'd', 'n.heads', chunks, () => ''),
  );
  return backward(
    variant,
    { reads: ['dOut', 'q', 'k', 'v', 'out'], writes: ['dq'] },
    'written',
    stages,
    main,
  );
}

export function backwardKeys(variant: Variant): Source {
  const chunks = Math.ceil(variant.headWidth / 32);
  const ofTokens = (part: 'x' | 'y') => {
    const each = range(4).map(
      (j) => `totals[(base + min(y0 + 4u * tx + ${j}u, n.length - 1u)) * n.heads + query].${part}`,
    );
    return `vec4<f32>(${each.join(', ')})`;
  };
  const stages = [
    stage('k', 'left', false),
    stage('v', 'left', false),
    stage('q', 'right', true),
    stage('dOut', 'right', true),
    stage('q', 'right', false),
    stage('dOut', 'right', false),
  ];
  const query = (name: string): [string, string, string] => [name, 'n.heads', 'query'];
  const own = (name: string): [string, string, string] => [name, 'n.kvHeads', 'head'];
  const main = lines(
    place('n.kvHeads'),
    '  let perKv = n.heads / n.kvHeads;',
    zeros('dk', chunks),
    zeros('dv', chunks),
    '  for (var query = head * perKv; query < (head + 1u) * perKv; query++) {',
    `  for (var y0 = x0; y0 < n.length; y0 += ${edge}u) {`,
    skip(false),
    scores('score', own('k'), query('q')),
    scores('dShare', own('v'), query('dOut')),
    seen(false),
    `    let total = ${ofTokens('x')};`,
    `    let spreads = ${ofTokens('y')};`,
    range(4).flatMap((i) => [
      `    let w${i} = select(vec4<f32>(), exp(min(score${i} * n.scale - total, vec4<f32>())), seen${i});`,
      `    let ds${i} = w${i} * (dShare${i} - spreads) * n.scale;`,
    ]),
    toShare('w'),
    mix('dv', query('dOut'), chunks),
    '    workgroupBarrier();',
    toShare('ds'),
    mix('dk', query('q'), chunks),
    '  }',
    '  }',
    store('dk', 'dk', 'n.kvHeads', chunks, () => ''),
    store('dv', 'dv', 'n.kvHeads', chunks, () => ''),
  );
  return backward(variant, { reads: ['dOut', 'q', 'k', 'v'], writes: ['dk', 'dv'] }, 'read', stages, main);
}
