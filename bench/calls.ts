/** Counts what reaches WebGPU in this thread, whichever engine sends it: what a GPU has to be paid for besides time. */
export interface Calls {
  dispatches: number;
  submits: number;
  readbacks: number;
  /** Made for dispatches; one that is recorded again or replayed needs none. */
  bindGroups: number;
  uploadedBytes: number;
  /** Of all buffers that dispatches bind, each once a dispatch: at least what a GPU without caches would move. */
  boundBytes: number;
}

const none: Calls = {
  dispatches: 0,
  submits: 0,
  readbacks: 0,
  bindGroups: 0,
  uploadedBytes: 0,
  boundBytes: 0,
};
let calls = { ...none };

/** What was counted since the last time. */
export function takeCalls(): Calls {
  const taken = calls;
  calls = { ...none };
  return taken;
}

type Method = (...args: never[]) => unknown;

/** Calls `seen` with each call's receiver, arguments and result. */
function watch<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  seen: (self: T, args: unknown[], result: unknown) => void,
): void {
  const original = prototype[name] as Method;
  prototype[name] = function (this: T, ...args: never[]) {
    const result = original.apply(this, args);
    seen(this, args, result);
    return result;
  } as T[K];
}

/** From now on calls are counted. Call it once, before an engine opens its device. */
export function countCalls(): void {
  const sizes = new WeakMap<object, number>();
  const bound = new WeakMap<object, Map<number, number>>();
  watch(GPUDevice.prototype, 'createBindGroup', (_, [descriptor], group) => {
    calls.bindGroups++;
    let bytes = 0;
    for (const { resource } of (descriptor as GPUBindGroupDescriptor).entries) {
      if (resource instanceof GPUBuffer) bytes += resource.size;
      else if ('buffer' in resource) bytes += resource.size ?? resource.buffer.size - (resource.offset ?? 0);
    }
    sizes.set(group as object, bytes);
  });
  watch(GPUComputePassEncoder.prototype, 'setBindGroup', (pass, [index, group]) => {
    if (!bound.has(pass)) bound.set(pass, new Map());
    bound.get(pass)!.set(index as number, sizes.get(group as object) ?? 0);
  });
  const dispatched = (pass: object) => {
    calls.dispatches++;
    for (const bytes of bound.get(pass)?.values() ?? []) calls.boundBytes += bytes;
  };
  watch(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', dispatched);
  watch(GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect', dispatched);
  watch(GPUQueue.prototype, 'submit', () => calls.submits++);
  watch(GPUQueue.prototype, 'writeBuffer', (_, [, , data, , size]) => {
    const values = data as ArrayBuffer | Int32Array;
    // Of a typed array the size is in elements.
    const unit = 'BYTES_PER_ELEMENT' in values ? values.BYTES_PER_ELEMENT : 1;
    calls.uploadedBytes += size === undefined ? values.byteLength : Number(size) * unit;
  });
  watch(GPUBuffer.prototype, 'mapAsync', () => calls.readbacks++);
}

/** Counts of work that goes on as from `first` to `all`, whose length is `factor` times the way between them. */
export function extrapolated(first: Calls, all: Calls, factor: number): Calls {
  const names = Object.keys(first) as (keyof Calls)[];
  return Object.fromEntries(
    names.map((name) => [name, Math.round(first[name] + (all[name] - first[name]) * factor)]),
  ) as unknown as Calls;
}
