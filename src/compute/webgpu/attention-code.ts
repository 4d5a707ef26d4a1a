/** What the code of all attention kernels has in common; the kernels are in the files beside. */
import type { Source } from './gpu.ts';
import { type Element, fourOf } from './wgsl.ts';

export interface Variant {
  headWidth: number;
  element: Element;
}

export const attentionNumbers: Source['numbers'] = {
  rows: 'u32',
  length: 'u32',
  heads: 'u32',
  kvHeads: 'u32',
  width: 'u32',
  scale: 'f32',
};

export const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Whether token `j` is visible to token `i`, given their segments. */
export const visibility = `fn sees(i: u32, own: i32, j: u32, other: i32) -> bool {
  return j <= i && own >= 0 && (other == 0 || other == own);
}`;

/** Of each token's head the log-sum-exp of its scores, and once the queries' backward pass ran also Σ dOut∘out. */
export const totalsType = { totals: 'vec2<f32>' };

/** Readers `load_<buffer>(start, at)` of four values of a head, and writers `put_<buffer>(start, at, value)`. */
export function access({ element }: Variant, reads: string[], writes: string[]): string {
  const readers = reads.map(
    (name) => `${fourOf(`four_${name}`, name, element)}
fn load_${name}(start: u32, at: u32) -> vec4<f32> { return four_${name}(start, at, n.width); }`,
  );
  const writers = writes.map((name) => {
    const body =
      element === 'f32'
        ? range(4).map((k) => `  if (at + ${k}u < n.width) { ${name}[start + at + ${k}u] = value[${k}]; }`)
        : [`  if (at < n.width) { ${name}[(start + at) / 4u] = value; }`];
    return `fn put_${name}(start: u32, at: u32, value: vec4<f32>) {\n${body.join('\n')}\n}`;
  });
  return [...readers, ...writers].join('\n');
}

export function buffers({ element }: Variant, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, element]));
}
