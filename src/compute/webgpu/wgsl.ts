/** Pieces of WGSL that several kernels share, and how work is cut into workgroups. Kernels are in the other files. */
import type { Family, Source } from './gpu.ts';
import { alone } from './reduction.ts';

/** Vectors of four where rows begin on multiples of four values, else single values. */
export type Element = 'vec4<f32>' | 'f32';

export function elementFor(...sizes: number[]): Element {
  return sizes.every((size) => size % 4 === 0) ? 'vec4<f32>' : 'f32';
}

export const lanesOf = (element: Element) => (element === 'f32' ? 1 : 4);

/** The scalar product of two elements. */
export function inner(element: Element): string {
  const product = element === 'f32' ? 'a * b' : 'dot(a, b)';
  return `fn inner(a: ${element}, b: ${element}) -> f32 { return ${product}; }`;
}

/** A kernel on single elements, numbered `i` below `n.size`. */
export const elementThreads = 64;

export function elementBlocks(size: number): number {
  return Math.ceil(size / elementThreads);
}

export function elementwise(source: Omit<Source, 'threads'>): Source {
  return {
    ...source,
    threads: elementThreads,
    numbers: { size: 'u32', ...source.numbers },
    main: `  let i = block * ${elementThreads}u + lane;
  if (i >= n.size) { return; }
${source.main}`,
  };
}

/**
 * A kernel on rows, numbered `row` below `n.rows`. In the tiled family a workgroup shares one row and `part` goes from
 * 0 to `parts` − 1; in the other each invocation has a row of its own, and reductions return their argument.
 */
export function rowwise(family: Family, source: Omit<Source, 'threads'>, lanes = 64): Source {
  const numbers = { rows: 'u32', ...source.numbers } as Source['numbers'];
  const reductions = { sumOver: 'sum f32', maxOver: 'max f32', ...source.reductions } as const;
  const { declarations = '', main } = source;
  if (family === 'registers') {
    const functions = Object.entries(reductions).map(([name, reduction]) => alone(name, reduction));
    return {
      ...source,
      numbers,
      threads: rowsPerBlock,
      reductions: {},
      declarations: ['const parts = 1u;', ...functions, declarations].join('\n'),
      main: `  let row = block * ${rowsPerBlock}u + lane;
  if (row >= n.rows) { return; }
  let part = 0u;
${main}`,
    };
  }
  return {
    ...source,
    numbers,
    threads: lanes,
    reductions,
    declarations: `const parts = ${lanes}u;\n${declarations}`,
    main: `  let row = block;
  let part = lane;
${main}`,
  };
}

const rowsPerBlock = 4;

export function rowBlocks(family: Family, rows: number): number {
  return family === 'tiled' ? rows : Math.ceil(rows / rowsPerBlock);
}

/**
 * ln x within a few ulp for normal x > 0 (Cephes' `logf`). WGSL's own may be off by 2⁻²¹ between ½ and 2, which is all
 * of it near 1.
 */
export const logarithm = `fn ln(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var e = f32(i32(bits >> 23u) - 126);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678) {
    e -= 1.0;
    m += m;
  }
  m -= 1.0;
  let z = m * m;
  var p = fma(7.0376836292e-2, m, -1.1514610310e-1);
  p = fma(p, m, 1.1676998740e-1);
  p = fma(p, m, -1.2420140846e-1);
  p = fma(p, m, 1.4249322787e-1);
  p = fma(p, m, -1.6668057665e-1);
  p = fma(p, m, 2.0000714765e-1);
  p = fma(p, m, -2.4999993993e-1);
  p = fma(p, m, 3.3333331174e-1);
  p = p * m * z;
  p = fma(e, -2.12194440e-4, p);
  p = fma(z, -0.5, p);
  return fma(e, 0.693359375, m + p);
}`;

/**
 * A function that reads four neighbouring values of a row as a vector, zeros beyond its end.
 * @param row width of a row in values, as a WGSL expression
 */
export function fourOf(name: string, buffer: string, element: Element): string {
  if (element !== 'f32') {
    return `fn ${name}(start: u32, at: u32, width: u32) -> vec4<f32> {
  if (at >= width) { return vec4<f32>(); }
  return ${buffer}[(start + at) / 4u];
}`;
  }
  const value = (k: number) =>
    `select(0.0, ${buffer}[start + min(at + ${k}u, width - 1u)], at + ${k}u < width)`;
  return `fn ${name}(start: u32, at: u32, width: u32) -> vec4<f32> {
  return vec4<f32>(${[0, 1, 2, 3].map(value).join(', ')});
}`;
}
