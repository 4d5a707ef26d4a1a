/**
 * Every differentiable operation against float64 arithmetic, values and gradients (central differences), at odd sizes.
 * Needs no test runner, so that Node and a page in a browser run the same checks.
 */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../../src/base/random.ts';
import { uploadBatch } from '../../src/compute/batch.ts';
import * as exact from '../../src/compute/float64.ts';
import { disposeGradients, lossAndGradients } from '../../src/compute/gradients.ts';
import { attention } from '../../src/compute/ops/attention.ts';
import { chosenLogProb } from '../../src/compute/ops/chosen-log-prob.ts';
import { embedding, pickRows } from '../../src/compute/ops/embedding.ts';
import { linear, linears } from '../../src/compute/ops/linear.ts';
import { rmsNorm, streamAndNorm } from '../../src/compute/ops/rms-norm.ts';
import { rope } from '../../src/compute/ops/rope.ts';
import { swiglu } from '../../src/compute/ops/swiglu.ts';
import { pack, tensorsOf, unpack, type PackedFormat, type PackedMatrix } from '../../src/compute/packed.ts';

/** Largest error of values and gradients, relative to the largest value (or 1): a few roundings of f32. */
export const operationBound = 4e-6;

interface OperationCheck {
  name: string;
  /** What gets a gradient, by name. */
  trained: Record<string, number[]>;
  /** What gets none. */
  frozen?: Record<string, number[]>;
  /** Frozen matrices that are packed; the expected values are those of what was packed. */
  packed?: Record<string, [number, number]>;
  format?: PackedFormat;
  device: (tensors: Record<string, tf.Tensor2D>, packed: Record<string, PackedMatrix>) => tf.Tensor;
  exact: (values: Record<string, number[]>) => number[];
}

const ids = [3, 0, 6, 3, 3, 1, 6, 2, 0];
const positions = [0, 1, 2, 9, 3];
const segmentLayouts: Record<string, number[][]> = {
  'one token': [[0]],
  'two plain rows': [
    [0, 0, 0, 0, 0],
    [0, 0, 0, -1, -1],
  ],
  'a shared prompt': [[0, 0, 0, 1, 1, 2, 3, 3, 3, -1, -1]],
  'rows of other layouts, one empty': [
    [0, 1, 2, 2, -1, -1, -1],
    [0, 0, 0, 0, 0, 0, 1],
    [-1, -1, -1, -1, -1, -1, -1],
  ],
};
const headShapes = [
  { heads: 2, kvHeads: 2, headWidth: 4, scale: 0.5 },
  { heads: 3, kvHeads: 1, headWidth: 6, scale: 0.9 },
  { heads: 4, kvHeads: 2, headWidth: 2, scale: 1.5 },
];

function vector(tensor: tf.Tensor2D): tf.Tensor1D {
  return tensor as tf.Tensor as tf.Tensor1D;
}

const normChecks = [
  [1, 1],
  [3, 5],
  [17, 33],
].map(([n, c]): OperationCheck => ({
  name: `rmsNorm [${n}, ${c}]`,
  trained: { x: [n!, c!], w: [c!] },
  device: ({ x, w }) => rmsNorm(x!, vector(w!), 1e-5),
  exact: ({ x, w }) => exact.rmsNorm(x!, w!, 1e-5),
}));

const streamChecks = [1, 0.3].map((scale): OperationCheck => ({
  name: `streamAndNorm with and without a branch, scale ${scale}`,
  trained: { x: [7, 5], branch: [7, 5], w: [5] },
  device: ({ x, branch, w }) => {
    const first = streamAndNorm(x!, null, scale, vector(w!), 1e-5);
    const second = streamAndNorm(first.stream, branch!, scale, vector(w!), 1e-5);
    return tf.concat([first.normed, second.normed, second.stream]);
  },
  exact: ({ x, branch, w }) => {
    const sum = x!.map((value, i) => value + scale * branch![i]!);
    return [...exact.rmsNorm(x!, w!, 1e-5), ...exact.rmsNorm(sum, w!, 1e-5), ...sum];
  },
}));

const linearChecks = [
  [1, 1, 1],
  [3, 5, 7],
  [13, 17, 9],
].flatMap(([n, i, o]): OperationCheck[] => [
  {
    name: `linear [${n}, ${i}] → ${o} with bias`,
    trained: { x: [n!, i!], w: [o!, i!], b: [o!] },
    device: ({ x, w, b }) => linear(x!, w!, vector(b!)),
    exact: ({ x, w, b }) => exact.linear(x!, w!, i!, b!),
  },
  {
    name: `linear [${n}, ${i}] → ${o}, frozen`,
    trained: { x: [n!, i!] },
    frozen: { w: [o!, i!] },
    device: ({ x, w }) => linear(x!, w!),
    exact: ({ x, w }) => exact.linear(x!, w!, i!),
  },
  {
    name: `linear [${n}, ${i}] → ${o} with a trained adapter on a frozen base`,
    trained: { x: [n!, i!], a: [2, i!], b: [o!, 2] },
    frozen: { w: [o!, i!], bias: [o!] },
    device: ({ x, w, a, b, bias }) => linear(x!, w!, vector(bias!), { a: a!, b: b!, scale: 1.7 }),
    exact: ({ x, w, a, b, bias }) =>
      exact.add(
        exact.linear(x!, w!, i!, bias!),
        exact.linear(
          exact.linear(x!, a!, i!).map((h) => 1.7 * h),
          b!,
          2,
        ),
      ),
  },
]);

const attentionChecks = headShapes.flatMap((shape) =>
  Object.entries(segmentLayouts).map(([layout, rows]): OperationCheck => {
    const { heads, kvHeads, headWidth } = shape;
    const length = rows[0]!.length;
    const n = rows.length * length;
    return {
      name: `attention, ${heads} heads on ${kvHeads}, ${layout}`,
      trained: { q: [n, heads * headWidth], k: [n, kvHeads * headWidth], v: [n, kvHeads * headWidth] },
      device: ({ q, k, v }) => {
        const zeros = new Int32Array(n);
        const segments = Int32Array.from(rows.flat());
        const batch = uploadBatch({ rows: rows.length, length, ids: zeros, positions: zeros, segments });
        [batch.ids, batch.positions, batch.segments].forEach(kept);
        return attention(q!, k!, v!, batch, shape);
      },
      exact: ({ q, k, v }) => exact.attention(q!, k!, v!, rows.flat(), length, shape),
    };
  }),
);

const targets = [4, 0, -1, 10, 4];
const logProbChecks = [true, false].flatMap((headTrained): OperationCheck[] => {
  const shapes = { trained: { x: [5, 3] }, frozen: { head: [11, 3] } };
  const place = headTrained ? { trained: { ...shapes.trained, ...shapes.frozen } } : shapes;
  const options = { logitScale: 1.5, temperature: 0.7 };
  const scale = 1.5 / 0.7;
  return [
    {
      name: `chosenLogProb, head ${headTrained ? 'trained' : 'frozen'}`,
      ...place,
      device: ({ x, head }) => chosenLogProb(x!, head!, integers(targets), options).logProb,
      exact: ({ x, head }) => exact.logProb(x!, head!, targets, 3, scale).logProb,
    },
    {
      name: `chosenLogProb with entropy, head ${headTrained ? 'trained' : 'frozen'}`,
      ...place,
      device: ({ x, head }) => {
        const both = chosenLogProb(x!, head!, integers(targets), { ...options, entropyGradient: true });
        return tf.add(both.logProb, tf.mul(both.entropy, 0.3));
      },
      exact: ({ x, head }) => {
        const both = exact.logProb(x!, head!, targets, 3, scale);
        return both.logProb.map((value, m) => value + 0.3 * both.entropy[m]!);
      },
    },
  ];
});

const packedFormats: PackedFormat[] = ['f16', 'int8', 'int4'];

/** Sizes that are no multiples of a group, of four, or of a pair of values, and one that is. */
const packedChecks = packedFormats.flatMap((format): OperationCheck[] => [
  ...[
    [1, 1, 1],
    [3, 5, 7],
    [13, 67, 9],
    [2, 64, 33],
  ].flatMap(([n, i, o]): OperationCheck[] => [
    {
      name: `linear [${n}, ${i}] → ${o} of ${format}`,
      format,
      trained: { x: [n!, i!], b: [o!] },
      packed: { w: [o!, i!] },
      device: ({ x, b }, { w }) => linear(x!, w!, vector(b!)),
      exact: ({ x, w, b }) => exact.linear(x!, w!, i!, b!),
    },
    {
      name: `linear [${n}, ${i}] → ${o} of ${format} with a trained adapter`,
      format,
      trained: { x: [n!, i!], a: [2, i!], b: [o!, 2] },
      packed: { w: [o!, i!] },
      device: ({ x, a, b }, { w }) => linear(x!, w!, null, { a: a!, b: b!, scale: 1.7 }),
      exact: ({ x, w, a, b }) => {
        const h = exact.linear(x!, a!, i!).map((value) => 1.7 * value);
        return exact.add(exact.linear(x!, w!, i!), exact.linear(h, b!, 2));
      },
    },
  ]),
  {
    name: `embedding of ${format}`,
    format,
    trained: { x: [9, 37] },
    packed: { table: [7, 37] },
    device: ({ x }, { table }) => tf.add(x!, embedding(table!, integers(ids))),
    exact: ({ x, table }) => exact.add(x!, exact.embedding(table!, ids, 37)),
  },
  {
    name: `chosenLogProb with entropy, head of ${format}`,
    format,
    trained: { x: [5, 35] },
    packed: { head: [11, 35] },
    device: ({ x }, { head }) => {
      const both = chosenLogProb(x!, head!, integers(targets), { logitScale: 0.3, entropyGradient: true });
      return tf.add(both.logProb, tf.mul(both.entropy, 0.3));
    },
    exact: ({ x, head }) => {
      const both = exact.logProb(x!, head!, targets, 35, 0.3);
      return both.logProb.map((value, m) => value + 0.3 * both.entropy[m]!);
    },
  },
]);

export const operationChecks: OperationCheck[] = [
  {
    name: 'embedding with repeated ids',
    trained: { table: [7, 5] },
    device: ({ table }) => embedding(table!, integers(ids)),
    exact: ({ table }) => exact.embedding(table!, ids, 5),
  },
  {
    name: 'pickRows of a table that is not a weight',
    trained: { x: [7, 3] },
    device: ({ x }) => pickRows(tf.mul(x!, 2), integers(ids)),
    exact: ({ x }) =>
      exact.embedding(
        x!.map((value) => 2 * value),
        ids,
        3,
      ),
  },
  ...normChecks,
  ...streamChecks,
  {
    name: 'linears of one input, one of them with an adapter',
    trained: { x: [4, 5], w: [3, 5], b: [3], a: [2, 5], up: [6, 2] },
    frozen: { base: [6, 5] },
    device: ({ x, w, b, a, up, base }) => {
      const adapter = { a: a!, b: up!, scale: 0.7 };
      const layers = [
        { weight: w!, bias: vector(b!), adapter: null },
        { weight: base!, bias: null, adapter },
      ];
      return tf.concat(linears(x!, layers).map((y) => tf.reshape(y, [-1])));
    },
    exact: ({ x, w, b, a, up, base }) => [
      ...exact.linear(x!, w!, 5, b!),
      ...exact.add(
        exact.linear(x!, base!, 5),
        exact.linear(
          exact.linear(x!, a!, 5).map((h) => 0.7 * h),
          up!,
          2,
        ),
      ),
    ],
  },
  ...linearChecks,
  {
    name: 'rope of three heads and of one',
    trained: { x: [5, 18], y: [5, 6] },
    device: ({ x, y }) => {
      const table = (f: (angle: number) => number) =>
        kept(tf.tensor2d(Array.from({ length: 10 }, (_, at) => [1, 0.3, 0.01].map((w) => f(at * w)))));
      const tables = { cos: table(Math.cos), sin: table(Math.sin) };
      return tf.concat(rope([x!, y!], integers(positions), tables, 6).map((z) => tf.reshape(z, [-1])));
    },
    exact: ({ x, y }) => [
      ...exact.rope(x!, positions, [1, 0.3, 0.01], 3),
      ...exact.rope(y!, positions, [1, 0.3, 0.01], 1),
    ],
  },
  ...attentionChecks,
  {
    name: 'swiglu',
    trained: { gate: [5, 7], up: [5, 7] },
    device: ({ gate, up }) => swiglu(gate!, up!),
    exact: ({ gate, up }) => exact.swiglu(gate!, up!),
  },
  ...logProbChecks,
  ...packedChecks,
];

/** What a running check must dispose of when its gradient is done. */
const later: (() => void)[] = [];

function kept<T extends tf.Tensor>(tensor: T): T {
  later.push(() => tensor.dispose());
  return tf.keep(tensor);
}

function integers(values: number[]): tf.Tensor1D {
  return kept(tf.tensor1d(values, 'int32'));
}

/** @returns the largest error of the value and of each gradient; tensors that were left behind */
export async function runOperationCheck(check: OperationCheck): Promise<{ error: number; leaked: number }> {
  const before = tf.memory().numTensors;
  const random = new Random(check.name);
  const values: Record<string, number[]> = {};
  const tensors: Record<string, tf.Tensor> = {};
  const parameters = new Map<string, tf.Variable>();
  for (const [name, shape] of Object.entries({ ...check.trained, ...check.frozen })) {
    const size = shape.reduce((product, n) => product * n, 1);
    values[name] = Array.from({ length: size }, () => Math.fround(random.normal()));
    tensors[name] = tf.tensor(values[name], shape);
    if (!(name in check.trained)) continue;
    const variable = tf.variable(tensors[name]);
    tensors[name].dispose();
    tensors[name] = variable;
    parameters.set(name, variable);
  }
  const packed: Record<string, PackedMatrix> = {};
  for (const [name, shape] of Object.entries(check.packed ?? {})) {
    const plain = Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal());
    packed[name] = pack(plain, shape, check.format!);
    values[name] = Array.from(await unpack(packed[name]));
  }
  const expected = check.exact(values);
  const upstream = expected.map(() => Math.fround(random.normal()));
  const dot = (y: number[]) => y.reduce((sum, value, i) => sum + value * upstream[i]!, 0);
  const weights = tf.tensor1d(upstream);
  let value: tf.Tensor | null = null;
  const { loss, gradients } = lossAndGradients(() => {
    value = tf.keep(check.device(tensors as Record<string, tf.Tensor2D>, packed));
    return tf.sum(tf.mul(tf.reshape(value, [-1]), weights)) as tf.Scalar;
  }, parameters);
  const errors = [exact.largestError(await value!.data(), expected)];
  for (const [name, gradient] of gradients) {
    const slope = exact.differences((x) => dot(check.exact({ ...values, [name]: x })), values[name]!);
    errors.push(exact.largestError(await gradient.data(), slope));
  }
  disposeGradients(gradients);
  tf.dispose([loss, weights, value!, ...Object.values(tensors), ...Object.values(packed).flatMap(tensorsOf)]);
  for (const dispose of later.splice(0)) dispose();
  return { error: Math.max(...errors), leaked: tf.memory().numTensors - before };
}
