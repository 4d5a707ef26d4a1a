/** Proves: pausing asks for nothing more, a step runs exactly one step, stopping lets the generator clean up. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/base/errors.ts';
import type { Stream } from '../../../src/session/events.ts';
import { createPump } from '../../../src/session/pump.ts';

type Event = { type: 'phase' } | { type: 'metrics'; step: number };
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

async function* counting(seen: { asked: number; closed: boolean }, steps: number): AsyncGenerator<Event> {
  try {
    for (let step = 1; step <= steps; step++) {
      seen.asked = step;
      yield { type: 'phase' };
      yield { type: 'metrics', step };
      await settle();
    }
  } finally {
    seen.closed = true;
  }
}

describe('the pump', () => {
  it('sends every event in order and one end', async () => {
    const messages: Stream<Event>[] = [];
    await createPump('metrics').run(counting({ asked: 0, closed: false }, 2), (m) => messages.push(m));
    expect(messages.map((m) => (m.type === 'event' ? m.event.type : m.type))).toEqual([
      'phase',
      'metrics',
      'phase',
      'metrics',
      'ended',
    ]);
  });

  it('asks for nothing while paused, steps one step, then goes on', async () => {
    const seen = { asked: 0, closed: false };
    const pump = createPump('metrics');
    const steps: number[] = [];
    const running = pump.run(counting(seen, 5), (m) => {
      if (m.type === 'event' && m.event.type === 'metrics') {
        steps.push(m.event.step);
        if (m.event.step === 1) pump.pause();
      }
    });
    await settle();
    await settle();
    expect(steps).toEqual([1]);
    pump.step();
    await settle();
    await settle();
    await settle();
    expect(steps).toEqual([1, 2]);
    pump.resume();
    await running;
    expect(steps).toEqual([1, 2, 3, 4, 5]);
  });

  it('lets the generator clean up when stopped, even while paused', async () => {
    const seen = { asked: 0, closed: false };
    const pump = createPump('metrics');
    const running = pump.run(counting(seen, 50), () => pump.pause());
    await settle();
    pump.stop();
    await running;
    expect(seen).toEqual({ asked: 1, closed: true });
  });

  it('sends a failure as plain data with its code and hint', async () => {
    const messages: Stream<Event>[] = [];
    async function* failing(): AsyncGenerator<Event> {
      yield { type: 'phase' };
      throw new AppError('gpu-lost', 'The GPU is gone.', 'Continue.');
    }
    await createPump('metrics').run(failing(), (m) => messages.push(m));
    expect(messages.slice(1)).toEqual([
      { type: 'failed', error: { code: 'gpu-lost', message: 'The GPU is gone.', hint: 'Continue.' } },
      { type: 'ended' },
    ]);
  });
});
