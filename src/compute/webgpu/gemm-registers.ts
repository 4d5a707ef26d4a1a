/**
 * Products for software adapters: each invocation sums a block of rows × columns in registers, straight from memory.
 * Workgroup memory and barriers are what such adapters are worst at, so there are none. Sizes are chosen in `gemm.ts`.
 */
import { productBuffers, productNumbers, storeFour, type Variant } from './gemm-code.ts';
import type { Source } from './gpu.ts';
import { matrixFour } from './weight.ts';
import { fourOf } from './wgsl.ts';

/** Invocations of a workgroup: small, so that small products still have work for every core. */
const threads = 16;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

export function registers(rows: number, columns: number) {
  const blocks = (m: number, n: number) =>
    Math.ceil((Math.ceil(m / rows) * Math.ceil(n / columns)) / threads);
  return { source: (variant: Variant) => registerSource(variant, rows, columns), blocks };
}

function registerSource(variant: Variant, rows: number, columns: number): Source {
  const { form, vectors } = variant;
  const element = (isVector: boolean) => (isVector ? 'vec4<f32>' : 'f32');
  const groups = columns / 4;
  const sums = range(rows).flatMap((i) => range(groups).map((j) => `  var c${i}_${j} = vec4<f32>();`));
  const add = (i: number, j: number, factor: string, vector: string) =>
    `    c${i}_${j} += ${factor} * ${vector};`;
  const rowStart = (i: number) => `min(m0 + ${i}u, n.m - 1u) * n.lda + n.a0`;
  const axes = 'xyzw';

  let before = range(rows).map((i) => `  let a${i}Start = ${rowStart(i)};`);
  let loop: string[];
  if (form === 'NT') {
    before = before.concat(
      range(columns).map((j) => `  let b${j}Start = min(n0 + ${j}u, n.n - 1u) * n.ldb;`),
    );
    loop = [
      ...range(rows).map((i) => `    let a${i} = loadA(a${i}Start, k, n.k);`),
      ...range(groups).flatMap((group) => [
        ...range(4).map((j) => `    let b${4 * group + j} = loadB(b${4 * group + j}Start, k, n.k);`),
        ...range(rows).map((i) => {
          const products = range(4).map((j) => `dot(a${i}, b${4 * group + j})`);
          return `    c${i}_${group} += vec4<f32>(${products.join(', ')});`;
        }),
      ]),
    ];
  } else if (form === 'NN') {
    loop = [
      ...range(rows).map((i) => `    let a${i} = loadA(a${i}Start, k, n.k);`),
      ...range(4).flatMap((step) => [
        `    let row${step} = min(k + ${step}u, n.k - 1u) * n.ldb;`,
        ...range(groups).flatMap((j) => [
          `    let b${step}_${j} = loadB(row${step}, n0 + ${4 * j}u, n.n);`,
          ...range(rows).map((i) => add(i, j, `a${i}.${axes[step]}`, `b${step}_${j}`)),
        ]),
      ]),
    ];
  } else {
    before = [];
    const quarters = range(Math.ceil(rows / 4));
    loop = range(4).flatMap((step) => [
      `    let row${step} = min(k + ${step}u, n.k - 1u);`,
      ...quarters.map(
        (i) =>
          `    let a${step}_${i} = select(vec4<f32>(), loadA(row${step} * n.lda + n.a0, m0 + ${4 * i}u, n.m), k + ${step}u < n.k);`,
      ),
      ...range(groups).map((j) => `    let b${step}_${j} = loadB(row${step} * n.ldb, n0 + ${4 * j}u, n.n);`),
      ...range(rows).flatMap((i) =>
        range(groups).map((j) => add(i, j, `a${step}_${i >> 2}.${axes[i % 4]}`, `b${step}_${j}`)),
      ),
    ]);
  }
  const stores = range(rows).flatMap((i) =>
    range(groups).map((j) => `  store(0u, m0 + ${i}u, n0 + ${4 * j}u, c${i}_${j});`),
  );
  return {
    ...productBuffers(variant),
    numbers: productNumbers,
    threads,
    declarations: [
      fourOf('loadA', 'a', element(vectors.a)),
      matrixFour('loadB', 'b', variant.b),
      storeFour(variant),
    ].join('\n'),
    main: `  let across = (n.n + ${columns - 1}u) / ${columns}u;
  let tile = block * ${threads}u + lane;
  let m0 = tile / across * ${rows}u;
  let n0 = tile % across * ${columns}u;
  if (m0 >= n.m) { return; }
${before.join('\n')}
${sums.join('\n')}
  for (var k = 0u; k < n.k; k += 4u) {
${loop.join('\n')}
  }
${stores.join('\n')}`,
  };
}
