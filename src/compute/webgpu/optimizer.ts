/**
 * AdamW in place and the norm of a gradient, for several tensors a dispatch: as many as the adapter can bind buffers.
 * The norm never leaves the GPU, so an update waits for nothing.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import type { Kernels } from '../operations.ts';
import type { Binding, Gpu } from './gpu.ts';
import { elementBlocks, elementFor, elementThreads, inner, lanesOf } from './wgsl.ts';

type Optimizer = Pick<Kernels, 'adamW' | 'globalNorm'>;

/** Values whose squares one workgroup sums. */
const perSum = 16384;
const lanes = 64;
/** More would make the code of a kernel long and hardly save time. */
const mostTensors = 10;

interface Piece {
  tensor: number;
  start: number;
  size: number;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The code of `part(t)` for the tensor in whose blocks `block` lies; `own` is the block's number there. */
function byTensor(count: number, part: (t: number) => string): string {
  const branch = (t: number) => `  if (block < n.end${t}) {
    let own = block - ${t === 0 ? '0u' : `n.end${t - 1}`};
${part(t)}
    return;
  }`;
  return range(count).map(branch).join('\n');
}

export function optimizer(gpu: Gpu): Optimizer {
  const bindable = Math.floor(gpu.bindingBytes / 4 / perSum) * perSum || perSum;

  /** Neighbouring tensors that fit one dispatch; a tensor larger than a binding is cut and its pieces go alone. */
  function* bundles(tensors: readonly Tensor[], atMost: number): Generator<Piece[]> {
    let bundle: Piece[] = [];
    let values = 0;
    for (const [tensor, { size }] of tensors.entries()) {
      const isFull = bundle.length === Math.min(atMost, mostTensors) || values + size > bindable / 2;
      if (bundle.length && isFull) {
        yield bundle;
        [bundle, values] = [[], 0];
      }
      if (size > bindable) {
        for (let start = 0; start < size; start += bindable)
          yield [{ tensor, start, size: Math.min(bindable, size - start) }];
        continue;
      }
      bundle.push({ tensor, start: 0, size });
      values += size;
    }
    if (bundle.length) yield bundle;
  }

  function bind(tensors: readonly Tensor[], bundle: Piece[]): Binding[] {
    return bundle.map(({ tensor, start, size }) => ({ tensor: tensors[tensor]!, start, size }));
  }

  /** Where each tensor's blocks end. */
  function ends(bundle: Piece[], blocksOf: (size: number) => number): number[] {
    let end = 0;
    return bundle.map(({ size }) => (end += blocksOf(size)));
  }

  return {
    globalNorm(tensors) {
      const blocksOf = (size: number) => Math.ceil(size / perSum);
      const partials = gpu.empty([tensors.reduce((sum, { size }) => sum + blocksOf(size), 0)]);
      let made = 0;
      for (const bundle of bundles(tensors, gpu.storageBuffers - 1)) {
        const count = bundle.length;
        const element = elementFor(...bundle.map(({ size }) => size));
        const ended = ends(bundle, blocksOf);
        gpu.run(
          `squares ${element} ${count}`,
          () => ({
            reads: Object.fromEntries(range(count).map((t) => [`x${t}`, element])),
            writes: { partials: 'f32' },
            numbers: {
              first: 'u32',
              ...Object.fromEntries(range(count).map((t) => [`size${t}`, 'u32' as const])),
              ...Object.fromEntries(range(count).map((t) => [`end${t}`, 'u32' as const])),
            },
            threads: lanes,
            reductions: { sumOver: 'sum f32' },
            declarations: inner(element),
            main: byTensor(
              count,
              (t) => `    const share = ${perSum / lanesOf(element)}u;
    var sum = 0.0;
    for (var i = own * share + lane; i < min(n.size${t}, (own + 1u) * share); i += ${lanes}u) {
      sum += inner(x${t}[i], x${t}[i]);
    }
    let total = sumOver(sum, lane);
    if (lane == 0u) { partials[n.first + block] = total; }`,
            ),
          }),
          [...bind(tensors, bundle), partials],
          [made, ...bundle.map(({ size }) => size / lanesOf(element)), ...ended],
          ended.at(-1)!,
        );
        made += ended.at(-1)!;
      }
      const norm = gpu.empty([]);
      gpu.run(
        'norm',
        () => ({
          reads: { partials: 'f32' },
          writes: { norm: 'f32' },
          numbers: { size: 'u32' },
          threads: lanes,
          reductions: { sumOver: 'sum f32' },
          main: `  var sum = 0.0;
  for (var i = lane; i < n.size; i += ${lanes}u) { sum += partials[i]; }
  let total = sumOver(sum, lane);
  if (lane == 0u) { norm[0] = sqrt(total); }`,
        }),
        [partials, norm],
        [partials.size],
        1,
      );
      partials.dispose();
      return norm;
    },

    adamW(parameters, gradients, { first, second, starts }, norm, settings) {
      const { learningRate, beta1, beta2, epsilon, weightDecay, step, maxNorm } = settings;
      const factors = {
        rate: learningRate / (1 - beta1 ** step),
        correction: 1 / Math.sqrt(1 - beta2 ** step),
        beta1,
        beta2,
        rest1: 1 - beta1,
        rest2: 1 - beta2,
        epsilon,
        keep: 1 - learningRate * weightDecay,
        // WGSL may take it for granted that nothing is infinite.
        maxNorm: Math.min(maxNorm, 3e38),
      };
      parameters.forEach(({ size }, t) =>
        assert(gradients[t]!.size === size, `adamW: the gradient has the parameter's ${size} values`),
      );
      for (const bundle of bundles(parameters, Math.floor((gpu.storageBuffers - 3) / 2))) {
        const count = bundle.length;
        const element = elementFor(...bundle.map(({ size }) => size));
        const width = lanesOf(element);
        const placed = bundle.map(({ tensor, start }) => starts[tensor]! + start);
        const from = placed[0]!;
        const moment = (all: Tensor) => {
          return { tensor: all, start: from, size: placed.at(-1)! + bundle.at(-1)!.size - from };
        };
        const ended = ends(bundle, (size) => elementBlocks(size / width));
        const named = (name: string, type: string) => range(count).map((t) => [`${name}${t}`, type]);
        gpu.run(
          `adamW ${element} ${count}`,
          () => ({
            reads: { norm: 'f32', ...Object.fromEntries(named('gradient', element)) },
            writes: {
              ...Object.fromEntries(named('parameter', element)),
              first: element,
              second: element,
            },
            numbers: {
              ...Object.fromEntries(Object.keys(factors).map((name) => [name, 'f32' as const])),
              ...Object.fromEntries(['size', 'start', 'end'].flatMap((name) => named(name, 'u32'))),
            },
            threads: elementThreads,
            declarations: `/** The new parameter; moments change. */
fn updated(p: ${element}, gradient: ${element}, at: u32) -> ${element} {
  let g = gradient * min(1.0, n.maxNorm / (norm[0] + 1.0e-6));
  let m = n.beta1 * first[at] + n.rest1 * g;
  let v = n.beta2 * second[at] + n.rest2 * g * g;
  first[at] = m;
  second[at] = v;
  return p * n.keep - n.rate * m / (sqrt(v) * n.correction + n.epsilon);
}`,
            main: `  // Infinite or no number; a comparison may be left out by a compiler that expects neither.
  if ((bitcast<u32>(norm[0]) & 0x7f800000u) == 0x7f800000u) { return; }
${byTensor(
  count,
  (t) => `    let i = own * ${elementThreads}u + lane;
    if (i < n.size${t}) { parameter${t}[i] = updated(parameter${t}[i], gradient${t}[i], n.start${t} + i); }`,
)}`,
          }),
          [norm, ...bind(gradients, bundle), ...bind(parameters, bundle), moment(first), moment(second)],
          [
            ...Object.values(factors),
            ...bundle.map(({ size }) => size / width),
            ...placed.map((start) => (start - from) / width),
            ...ended,
          ],
          ended.at(-1)!,
        );
      }
    },
  };
}
