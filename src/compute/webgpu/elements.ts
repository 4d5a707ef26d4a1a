/** Kernels that treat each value, or each pair of values, for itself: rotary positions and the gate of a gated layer. */
import type { Kernels } from '../operations.ts';
import type { Gpu } from './gpu.ts';
import { elementBlocks, elementFor, elementwise, lanesOf } from './wgsl.ts';

type Elements = Pick<Kernels, 'rope' | 'swiglu' | 'swigluBackward'>;

export function elements(gpu: Gpu): Elements {
  return {
    rope(x, positions, cos, sin, heads, headWidth, inverse) {
      const y = gpu.empty(x.shape);
      const element = elementFor(headWidth / 2);
      const half = headWidth / 2 / lanesOf(element);
      const size = positions.size * heads * half;
      gpu.run(
        `rope ${element}`,
        () =>
          elementwise({
            reads: { x: element, positions: 'i32', cosines: element, sines: element },
            writes: { y: element },
            hasTurns: true,
            numbers: { heads: 'u32', half: 'u32', direction: 'f32' },
            main: `  let pair = i % n.half;
  let vector = i / n.half;
  let at = (u32(positions[vector / n.heads]) + turn) * n.half + pair;
  let c = cosines[at];
  let s = sines[at] * n.direction;
  let first = vector * 2u * n.half + pair;
  let a = x[first];
  let b = x[first + n.half];
  y[first] = a * c - b * s;
  y[first + n.half] = b * c + a * s;`,
          }),
        [x, positions, cos, sin, y],
        [size, heads, half, inverse ? -1 : 1],
        elementBlocks(size),
      );
      return y;
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
