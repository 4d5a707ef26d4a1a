/** Kernels that treat each value, or each pair of values, for itself: rotary positions and the gate of a gated layer. */
import type { Kernels } from '../operations.ts';
import type { Gpu } from './gpu.ts';
import { elementBlocks, elementFor, elementwise, lanesOf } from './wgsl.ts';

type Elements = Pick<Kernels, 'rope' | 'swiglu' | 'swigluBackward'>;

export function elements(gpu: Gpu): Elements {
  return {
    rope(xs, positions, cos, sin, headWidth, inverse) {
      const ys = xs.map((x) => gpu.empty(x.shape));
      const element = elementFor(headWidth / 2);
      const half = headWidth / 2 / lanesOf(element);
      const sizes = xs.map((x) => x.size / 2 / lanesOf(element));
      const heads = xs.map((x) => x.size / (positions.size * headWidth));
      const named = (name: string, type: string) => xs.map((_, t) => [`${name}${t}`, type]);
      const rotate = (t: number) => `  if (i < n.end${t}) {
    let own = i - ${t === 0 ? '0u' : `n.end${t - 1}`};
    let vector = own / n.half;
    let pair = own % n.half;
    let at = (u32(positions[vector / n.heads${t}]) + turn) * n.half + pair;
    let c = cosines[at];
    let s = sines[at] * n.direction;
    let first = vector * 2u * n.half + pair;
    let a = x${t}[first];
    let b = x${t}[first + n.half];
    y${t}[first] = a * c - b * s;
    y${t}[first + n.half] = b * c + a * s;
    return;
  }`;
      let end = 0;
      gpu.run(
        `rope ${element} ${xs.length}`,
        () =>
          elementwise({
            reads: {
              ...Object.fromEntries(named('x', element)),
              positions: 'i32',
              cosines: element,
              sines: element,
            },
            writes: Object.fromEntries(named('y', element)),
            hasTurns: true,
            numbers: {
              half: 'u32',
              direction: 'f32',
              ...Object.fromEntries([...named('heads', 'u32'), ...named('end', 'u32')]),
            },
            main: xs.map((_, t) => rotate(t)).join('\n'),
          }),
        [...xs, positions, cos, sin, ...ys],
        [
          sizes.reduce((sum, size) => sum + size),
          half,
          inverse ? -1 : 1,
          ...heads,
          ...sizes.map((size) => (end += size)),
        ],
        elementBlocks(sizes.reduce((sum, size) => sum + size)),
      );
      return ys;
    },

    swiglu(gate, up) {
      const y = gpu.empty(gate.shape);
      const element = elementFor(gate.size);
      const size = gate.size / lanesOf(element);
      gpu.run(
        `swiglu ${element}`,
        () =>
          elementwise({
            reads: { gate: element, up: element },
            writes: { y: element },
            numbers: {},
            main: `  let g = gate[i];
  y[i] = g / (1.0 + exp(-g)) * up[i];`,
          }),
        [gate, up, y],
        [size],
        elementBlocks(size),
      );
      return y;
    },

    swigluBackward(dy, gate, up) {
      const dgate = gpu.empty(gate.shape);
      const dup = gpu.empty(up.shape);
      const element = elementFor(gate.size);
      const size = gate.size / lanesOf(element);
      gpu.run(
        `swigluBackward ${element}`,
        () =>
          elementwise({
            reads: { dy: element, gate: element, up: element },
            writes: { dgate: element, dup: element },
            numbers: {},
            main: `  let g = gate[i];
  let sigma = 1.0 / (1.0 + exp(-g));
  let upward = dy[i];
  dup[i] = upward * g * sigma;
  dgate[i] = upward * up[i] * sigma * (1.0 + g * (1.0 - sigma));`,
          }),
        [dy, gate, up, dgate, dup],
        [size],
        elementBlocks(size),
      );
      return { dgate, dup };
    },
  };
}
