/**
 * Products for GPUs: a workgroup copies tiles of both matrices into workgroup memory, and each invocation sums a block
 * of them in registers. Deep products with few tiles are split along the depth. Tiles are chosen in `gemm.ts`.
 *
 * Tiles lie depth-major in vectors of four rows (columns), so the inner loop loads vectors. Copying goes by blocks of
 * 4×4, neighbouring invocations along the side that lies together in memory, so that whole lines are read; where that is
 * the depth, blocks are turned in registers on the way, and their place is swizzled so that banks do not collide.
 */
import { productBuffers, productNumbers, storeFour, type Variant } from './gemm-code.ts';
import type { Source } from './gpu.ts';
import { matrixFour } from './weight.ts';
import { fourOf } from './wgsl.ts';

/** Numbers of values, each a multiple of four: the tile's sides and depth, and what one invocation sums of it. */
export interface Tile {
  rows: number;
  columns: number;
  depth: number;
  down: number;
  across: number;
  /** The next tile is fetched into registers while this one is summed. */
  isPrefetched: boolean;
  /** Two tiles of each matrix in workgroup memory, so one barrier a tile is enough. */
  isDouble: boolean;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

export function tiled(tile: Tile) {
  const blocks = (m: number, n: number) => Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns);
  return { source: (variant: Variant) => tiledSource(variant, tile), blocks };
}

/** One matrix on its way to workgroup memory. */
interface Side {
  tile: string;
  load: string;
  /** Vectors of four along the side. */
  vectors: number;
  isDepthMajor: boolean;
  base: string;
  limit: string;
  stride: string;
}

export function tiledSource(variant: Variant, tile: Tile): Source {
  const { form, vectors } = variant;
  const { rows, columns, depth, down, across, isPrefetched, isDouble } = tile;
  const [threadsDown, threadsAcross] = [rows / down, columns / across];
  const threads = threadsDown * threadsAcross;
  const a: Side = {
    tile: 'tileA',
    load: 'loadA',
    vectors: rows / 4,
    isDepthMajor: form === 'TN',
    base: 'm0',
    limit: 'n.m',
    stride: 'n.lda',
  };
  const b: Side = {
    tile: 'tileB',
    load: 'loadB',
    vectors: columns / 4,
    isDepthMajor: form !== 'NT',
    base: 'n0',
    limit: 'n.n',
    stride: 'n.ldb',
  };
  const blocksOf = ({ vectors }: Side) => vectors * (depth / 4);
  const slots = range(Math.ceil((blocksOf(a) + blocksOf(b)) / threads));

  /** Which matrix a slot's block belongs to, decided here where all invocations agree. */
  const eachSide = (slot: number, of: (side: Side, at: string) => string) => {
    const at = `(lane + ${slot * threads}u)`;
    const [first, last] = [slot * threads, (slot + 1) * threads];
    if (last <= blocksOf(a)) return `{ ${of(a, at)} }`;
    const inB = `(lane + ${slot * threads}u - ${blocksOf(a)}u)`;
    const onlyB = last <= blocksOf(a) + blocksOf(b) ? '' : `if (${inB} < ${blocksOf(b)}u) `;
    if (first >= blocksOf(a)) return `${onlyB}{ ${of(b, inB)} }`;
    return `if (${at} < ${blocksOf(a)}u) { ${of(a, at)} } else ${onlyB}{ ${of(b, inB)} }`;
  };
  const place = ({ vectors, isDepthMajor }: Side, at: string) =>
    isDepthMajor
      ? `let across4 = ${at} % ${vectors}u; let down4 = ${at} / ${vectors}u;`
      : `let down4 = ${at} % ${depth / 4}u; let across4 = ${at} / ${depth / 4}u;`;
  const fetch = (k0: string) =>
    slots
      .map((slot) =>
        eachSide(slot, (side, at) => {
          const { load, base, limit, stride, isDepthMajor } = side;
          const head = `${place(side, at)} let depth0 = ${k0} + down4 * 4u; let side0 = ${base} + across4 * 4u;`;
          const lines = range(4).map((i) =>
            isDepthMajor
              ? `p${slot}_${i} = select(vec4<f32>(), ${load}(min(depth0 + ${i}u, end - 1u) * ${stride}, side0, ${limit}), depth0 + ${i}u < end);`
              : `p${slot}_${i} = ${load}(min(side0 + ${i}u, ${limit} - 1u) * ${stride}, depth0, end);`,
          );
          return [head, ...lines].join('\n      ');
        }),
      )
      .join('\n    ');
  const swizzle = (side: Side, down4: string) =>
    side.isDepthMajor || side.vectors < 8 ? '' : ` ^ ((${down4} * 2u) & 7u)`;
  /** Where a matrix's tile begins: with two of them, at the current one. */
  const begin = (side: Side) => (isDouble ? `current * ${blocksOf(side) * 4}u + ` : '');
  const put = () =>
    slots
      .map((slot) =>
        eachSide(slot, (side, at) => {
          const lines = range(4).map((step) => {
            const turned = range(4).map((i) => `p${slot}_${i}[${step}]`);
            const value = side.isDepthMajor ? `p${slot}_${step}` : `vec4<f32>(${turned.join(', ')})`;
            const column = `(across4${swizzle(side, 'down4')})`;
            return `${side.tile}[${begin(side)}(down4 * 4u + ${step}u) * ${side.vectors}u + ${column}] = ${value};`;
          });
          return [place(side, at), ...lines].join('\n      ');
        }),
      )
      .join('\n    ');
  const held = slots.flatMap((slot) => range(4).map((i) => `  var p${slot}_${i} = vec4<f32>();`)).join('\n');

  const sums = range(down).flatMap((i) => range(across / 4).map((j) => `  var c${i}_${j} = vec4<f32>();`));
  const read = (side: Side, name: string, lanes: string, count: number, step: number) =>
    range(count / 4).map((half) => {
      const stride = side === a ? threadsDown : threadsAcross;
      const column = `((${lanes} + ${half * stride}u)${swizzle(side, 'k4')})`;
      return `      let ${name}${step}_${half} = ${side.tile}[${begin(side)}(k4 * 4u + ${step}u) * ${side.vectors}u + ${column}];`;
    });
  const sum = `    for (var k4 = 0u; k4 < ${depth / 4}u; k4++) {
${range(4)
  .flatMap((step) => [
    ...read(a, 'a', 'ty', down, step),
    ...read(b, 'b', 'tx', across, step),
    ...range(down).flatMap((i) =>
      range(across / 4).map((j) => `      c${i}_${j} += a${step}_${i >> 2}[${i % 4}] * b${step}_${j};`),
    ),
  ])
  .join('\n')}
    }`;

  const steps = isDouble
    ? `  var current = 0u;
  ${fetch('first')}
  ${put()}
  workgroupBarrier();
  for (var k0 = first; k0 < end; k0 += ${depth}u) {
    if (k0 + ${depth}u < end) { ${fetch(`(k0 + ${depth}u)`)} }
${sum}
    current = 1u - current;
    if (k0 + ${depth}u < end) { ${put()} }
    workgroupBarrier();
  }`
    : isPrefetched
      ? `  ${fetch('first')}
  for (var k0 = first; k0 < end; k0 += ${depth}u) {
    ${put()}
    workgroupBarrier();
    if (k0 + ${depth}u < end) { ${fetch(`(k0 + ${depth}u)`)} }
${sum}
    workgroupBarrier();
  }`
      : `  for (var k0 = first; k0 < end; k0 += ${depth}u) {
    ${fetch('k0')}
    ${put()}
    workgroupBarrier();
${sum}
    workgroupBarrier();
  }`;
  const at = (index: number, from: string, stride: number) =>
    `(${from} + ${(index >> 2) * stride}u) * 4u + ${index % 4}u`;
  const stores = range(down).flatMap((i) =>
    range(across / 4).map(
      (j) =>
        `  store(offset, m0 + ${at(i, 'ty', threadsDown)}, n0 + ${at(4 * j, 'tx', threadsAcross)}, c${i}_${j});`,
    ),
  );
  const tiles = isDouble ? 2 : 1;
  return {
    ...productBuffers(variant),
    numbers: productNumbers,
    threads,
    declarations: `var<workgroup> tileA: array<vec4<f32>, ${tiles * blocksOf(a) * 4}>;
var<workgroup> tileB: array<vec4<f32>, ${tiles * blocksOf(b) * 4}>;
${fourOf('readA', 'a', vectors.a ? 'vec4<f32>' : 'f32')}
${matrixFour('loadB', 'b', variant.b)}
fn loadA(start: u32, at: u32, width: u32) -> vec4<f32> { return readA(start + n.a0, at, width); }
${storeFour(variant)}`,
    main: `  let tilesAcross = (n.n + ${columns - 1}u) / ${columns}u;
  let tiles = tilesAcross * ((n.m + ${rows - 1}u) / ${rows}u);
  let split = block / tiles;
  let tile = block % tiles;
  let m0 = tile / tilesAcross * ${rows}u;
  let n0 = tile % tilesAcross * ${columns}u;
  let first = split * n.perSplit;
  let end = min(n.k, first + n.perSplit);
  let offset = split * n.m * n.n;
  let tx = lane % ${threadsAcross}u;
  let ty = lane / ${threadsAcross}u;
${held}
${sums.join('\n')}
${steps}
${stores.join('\n')}`,
  };
}
