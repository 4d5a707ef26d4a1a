/**
 * x·Wᵀ for one to eight rows x on GPUs: a workgroup reads four rows of W once, its invocations side by side along the
 * depth. Reading W is all that such a product costs. Form NT only.
 */
import { productBuffers, productNumbers, storeFour, type Variant } from './gemm-code.ts';
import type { Source } from './gpu.ts';
import { matrixFour } from './weight.ts';
import { fourOf } from './wgsl.ts';

const lanes = 64;
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

export function narrow(rows: number) {
  return {
    source: (variant: Variant) => narrowSource(variant, rows),
    blocks: (n: number) => Math.ceil(n / 4),
  };
}

function narrowSource(variant: Variant, rows: number): Source {
  const { vectors } = variant;
  const element = (isVector: boolean) => (isVector ? 'vec4<f32>' : 'f32');
  const products = range(rows).map((i) => {
    const four = range(4).map((j) => `dot(a${i}, b${j})`);
    return `    c${i} += vec4<f32>(${four.join(', ')});`;
  });
  return {
    ...productBuffers(variant),
    numbers: productNumbers,
    threads: lanes,
    reductions: { sumOver: 'sum vec4<f32>' },
    declarations: [
      fourOf('loadA', 'a', element(vectors.a)),
      matrixFour('loadB', 'b', variant.b),
      storeFour(variant),
    ].join('\n'),
    main: `  let n0 = block * 4u;
${range(rows)
  .map((i) => `  var c${i} = vec4<f32>();`)
  .join('\n')}
  for (var k = lane * 4u; k < n.k; k += ${lanes * 4}u) {
${range(4)
  .map((j) => `    let b${j} = loadB(min(n0 + ${j}u, n.n - 1u) * n.ldb, k, n.k);`)
  .join('\n')}
${range(rows)
  .map((i) => `    let a${i} = loadA(${i}u * n.lda + n.a0, k, n.k);`)
  .join('\n')}
${products.join('\n')}
  }
${range(rows)
  .map(
    (i) => `  let total${i} = sumOver(c${i}, lane);\n  if (lane == 0u) { store(0u, ${i}u, n0, total${i}); }`,
  )
  .join('\n')}`,
  };
}
