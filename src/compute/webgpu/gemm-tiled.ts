/**
 * Products for GPUs: a workgroup copies tiles of both matrices into workgroup memory, and each invocation sums a block
 * of 4×4 or 8×8 in registers. Deep products with few tiles are split along the depth. Sizes are chosen in `gemm.ts`.
 *
 * Tiles lie depth-major in vectors of four rows (columns), so the inner loop loads vectors; where the matrix lies the
 * other way, blocks of 4×4 are transposed in registers on the way. All of it fits the guaranteed 16 KiB.
 */
import { productBuffers, productNumbers, storeFour, type Variant } from './gemm-code.ts';
import type { Source } from './gpu.ts';
import { matrixFour } from './weight.ts';
import { fourOf } from './wgsl.ts';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Tile edge → depth of a tile and the edge of each invocation's block. */
const shapes = {
  32: { depth: 32, block: 4 },
  64: { depth: 32, block: 4 },
  128: { depth: 16, block: 8 },
} as const;

export function tiled(edge: 32 | 64 | 128) {
  const blocks = (m: number, n: number) => Math.ceil(m / edge) * Math.ceil(n / edge);
  return { source: (variant: Variant) => tiledSource(variant, edge), blocks, depth: shapes[edge].depth };
}

function tiledSource(variant: Variant, edge: 32 | 64 | 128): Source {
  const { form, vectors } = variant;
  const { depth, block } = shapes[edge];
  const across = edge / block; // invocations along each side
  const threads = across * across;
  const vectorsAcross = edge / 4;
  const blocksOfTile = vectorsAcross * (depth / 4); // of 4×4 values
  const halves = block / 4;
  const element = (isVector: boolean) => (isVector ? 'vec4<f32>' : 'f32');
  const aIsTransposed = form === 'TN';
  const bIsTransposed = form !== 'NT';

  /** Copies one 4×4 block of a matrix to its tile. */
  const copy = (
    tile: string,
    load: string,
    isDepthMajor: boolean,
    base: string,
    limit: string,
    stride: string,
  ) => {
    const head = `      let across4 = at % ${vectorsAcross}u;
      let down4 = at / ${vectorsAcross}u;
      let depth0 = k0 + down4 * 4u;
      let side0 = ${base} + across4 * 4u;`;
    const target = (step: number) => `${tile}[(down4 * 4u + ${step}u) * ${vectorsAcross}u + across4]`;
    if (isDepthMajor) {
      const rows = range(4).map((step) => {
        const start = `min(depth0 + ${step}u, end - 1u) * ${stride}`;
        return `      ${target(step)} = select(vec4<f32>(), ${load}(${start}, side0, ${limit}), depth0 + ${step}u < end);`;
      });
      return [head, ...rows].join('\n');
    }
    const rows = range(4).map(
      (i) => `      let v${i} = ${load}(min(side0 + ${i}u, ${limit} - 1u) * ${stride}, depth0, end);`,
    );
    const turned = range(4).map(
      (step) =>
        `      ${target(step)} = vec4<f32>(${range(4)
          .map((i) => `v${i}[${step}]`)
          .join(', ')});`,
    );
    return [head, ...rows, ...turned].join('\n');
  };

  const sums = range(block).flatMap((i) => range(halves).map((j) => `  var c${i}_${j} = vec4<f32>();`));
  const loads = range(halves).flatMap((half) => [
    `      let a${half} = tileA[k * ${vectorsAcross}u + ty + ${half * across}u];`,
    `      let b${half} = tileB[k * ${vectorsAcross}u + tx + ${half * across}u];`,
  ]);
  const products = range(block).flatMap((i) =>
    range(halves).map((j) => `      c${i}_${j} += a${i >> 2}[${i % 4}] * b${j};`),
  );
  const place = (index: number, from: string) =>
    `(${from} + ${Math.floor(index / 4) * across}u) * 4u + ${index % 4}u`;
  const stores = range(block).flatMap((i) =>
    range(halves).map(
      (j) => `  store(offset, m0 + ${place(i, 'ty')}, n0 + ${place(4 * j, 'tx')}, c${i}_${j});`,
    ),
  );
  return {
    ...productBuffers(variant),
    numbers: productNumbers,
    threads,
    declarations: `var<workgroup> tileA: array<vec4<f32>, ${depth * vectorsAcross}>;
var<workgroup> tileB: array<vec4<f32>, ${depth * vectorsAcross}>;
${fourOf('readA', 'a', element(vectors.a))}
${matrixFour('loadB', 'b', variant.b)}
fn loadA(start: u32, at: u32, width: u32) -> vec4<f32> { return readA(start + n.a0, at, width); }
${storeFour(variant)}`,
    main: `  let tilesAcross = (n.n + ${edge - 1}u) / ${edge}u;
  let tiles = tilesAcross * ((n.m + ${edge - 1}u) / ${edge}u);
  let split = block / tiles;
  let tile = block % tiles;
  let m0 = tile / tilesAcross * ${edge}u;
  let n0 = tile % tilesAcross * ${edge}u;
  let end = min(n.k, (split + 1u) * n.perSplit);
  let offset = split * n.m * n.n;
  let tx = lane % ${across}u;
  let ty = lane / ${across}u;
${sums.join('\n')}
  for (var k0 = split * n.perSplit; k0 < end; k0 += ${depth}u) {
    for (var at = lane; at < ${blocksOfTile}u; at += ${threads}u) {
${copy('tileA', 'loadA', aIsTransposed, 'm0', 'n.m', 'n.lda')}
    }
    for (var at = lane; at < ${blocksOfTile}u; at += ${threads}u) {
${copy('tileB', 'loadB', bIsTransposed, 'n0', 'n.n', 'n.ldb')}
    }
    workgroupBarrier();
    for (var k = 0u; k < ${depth}u; k++) {
${loads.join('\n')}
${products.join('\n')}
    }
    workgroupBarrier();
  }
${stores.join('\n')}`,
  };
}
