/**
 * Time on the GPU by kernel, through timestamps around every dispatch. Dispatches are kept apart for it, so the sum is
 * more than the work takes undisturbed; the shares are what it is for.
 */
import { device } from './device.ts';

export interface KernelTime {
  kernel: string;
  dispatches: number;
  ms: number;
}

const mostDispatches = 2000;

/** Runs `work` once with timestamps; dispatches beyond the first 2,000 of each submit are not timed. */
export async function profile(work: () => Promise<void>): Promise<KernelTime[]> {
  const proto = GPUCommandEncoder.prototype;
  const { beginComputePass, finish } = proto;
  const sets: { labels: string[]; result: GPUBuffer }[] = [];
  const open = new WeakMap<GPUCommandEncoder, { set: GPUQuerySet; labels: string[] }>();

  proto.beginComputePass = function (this: GPUCommandEncoder) {
    const timing = open.get(this) ?? {
      set: device().createQuerySet({ type: 'timestamp', count: 2 * mostDispatches }),
      labels: [],
    };
    open.set(this, timing);
    let pipeline: GPUComputePipeline | null = null;
    const groups = new Map<number, GPUBindGroup>();
    const dispatch = (record: (pass: GPUComputePassEncoder) => void) => {
      const at = timing.labels.length;
      const isTimed = at < mostDispatches;
      const timestampWrites = {
        querySet: timing.set,
        beginningOfPassWriteIndex: 2 * at,
        endOfPassWriteIndex: 2 * at + 1,
      };
      const pass = beginComputePass.call(this, isTimed ? { timestampWrites } : {});
      if (isTimed) timing.labels.push(pipeline!.label || 'tfjs');
      pass.setPipeline(pipeline!);
      for (const [index, group] of groups) pass.setBindGroup(index, group);
      record(pass);
      pass.end();
    };
    return {
      setPipeline: (next: GPUComputePipeline) => (pipeline = next),
      setBindGroup: (index: number, group: GPUBindGroup) => groups.set(index, group),
      dispatchWorkgroups: (x: number, y?: number, z?: number) =>
        dispatch((pass) => pass.dispatchWorkgroups(x, y, z)),
      dispatchWorkgroupsIndirect: (buffer: GPUBuffer, offset: number) =>
        dispatch((pass) => pass.dispatchWorkgroupsIndirect(buffer, offset)),
      end: () => {},
    } as unknown as GPUComputePassEncoder;
  };
  proto.finish = function (this: GPUCommandEncoder, ...rest) {
    const timing = open.get(this);
    if (timing?.labels.length) {
      const size = 16 * timing.labels.length;
      const resolved = device().createBuffer({
        size,
        usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      });
      const result = device().createBuffer({
        size,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
      this.resolveQuerySet(timing.set, 0, 2 * timing.labels.length, resolved, 0);
      this.copyBufferToBuffer(resolved, 0, result, 0, size);
      sets.push({ labels: timing.labels, result });
    }
    return finish.apply(this, rest);
  };
  try {
    await work();
  } finally {
    proto.beginComputePass = beginComputePass;
    proto.finish = finish;
  }
  const kernels = new Map<string, KernelTime>();
  for (const { labels, result } of sets) {
    await result.mapAsync(GPUMapMode.READ);
    const times = new BigInt64Array(result.getMappedRange());
    labels.forEach((kernel, i) => {
      const sum = kernels.get(kernel) ?? { kernel, dispatches: 0, ms: 0 };
      sum.dispatches++;
      sum.ms += Number(times[2 * i + 1]! - times[2 * i]!) / 1e6;
      kernels.set(kernel, sum);
    });
    result.destroy();
  }
  return [...kernels.values()].sort((a, b) => b.ms - a.ms);
}
