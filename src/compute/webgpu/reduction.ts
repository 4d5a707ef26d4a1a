/**
 * Combining one value of each invocation of a workgroup, in the same order each time: through workgroup memory, or
 * with far fewer barriers by subgroups where the device has them.
 */

/** How values are combined, and of which type they are. */
export type Reduction = 'sum f32' | 'sum vec4<f32>' | 'max f32' | 'min u32';

const folds = {
  sum: { combine: 'a + b', bySubgroup: 'subgroupAdd', neutral: '' },
  max: { combine: 'max(a, b)', bySubgroup: 'subgroupMax', neutral: '-3.4028234e38' },
  min: { combine: 'min(a, b)', bySubgroup: 'subgroupMin', neutral: '0xffffffffu' },
};

function partsOf(reduction: Reduction) {
  const [fold, type] = reduction.split(' ') as [keyof typeof folds, string];
  return { type, ...folds[fold] };
}

/** A function `name(value, part)` for where one invocation does a workgroup's work. */
export function alone(name: string, reduction: Reduction): string {
  const { type } = partsOf(reduction);
  return `fn ${name}(value: ${type}, part: u32) -> ${type} { return value; }`;
}

/** A function `name(value, part)`, `part` counting the `lanes` invocations: 2, 4, 8 and so on. */
export function throughMemory(name: string, reduction: Reduction, lanes: number): string {
  const { type, combine } = partsOf(reduction);
  return `var<workgroup> ${name}Values: array<${type}, ${lanes}>;
fn ${name}(value: ${type}, part: u32) -> ${type} {
  workgroupBarrier();
  ${name}Values[part] = value;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    if (part < half) {
      let a = ${name}Values[part];
      let b = ${name}Values[part + half];
      ${name}Values[part] = ${combine};
    }
    workgroupBarrier();
  }
  return ${name}Values[0];
}`;
}

/**
 * The same for any number of lanes and subgroups of any size: nothing is taken for granted of which lanes make up a
 * subgroup, or of how many the last one has.
 */
export function bySubgroups(name: string, reduction: Reduction, lanes: number): string {
  const { type, combine, bySubgroup, neutral } = partsOf(reduction);
  return `var<workgroup> ${name}Values: array<${type}, ${lanes}>;
var<workgroup> ${name}Result: ${type};
fn ${name}(value: ${type}, part: u32) -> ${type} {
  let size = subgroupAdd(1u);
  let rank = subgroupExclusiveAdd(1u);
  let own = ${bySubgroup}(value);
  ${name}Values[part] = select(${type}(${neutral}), own, rank == 0u);
  workgroupBarrier();
  var all = ${type}(${neutral});
  for (var at = rank; at < ${lanes}u; at += size) {
    let a = all;
    let b = ${name}Values[at];
    all = ${combine};
  }
  all = ${bySubgroup}(all);
  // Subgroups of different sizes round differently, so all take the result of one.
  if (part == 0u) { ${name}Result = all; }
  workgroupBarrier();
  return ${name}Result;
}`;
}
