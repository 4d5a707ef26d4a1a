/**
 * Drives one async generator for a service: pause is not asking for the next event, step is running to the end of
 * one step, stop is `return()`. Events go out as they come; the end is sent exactly once.
 */
import { AppError, toPlain } from '../base/errors.ts';
import type { Stream } from './events.ts';

export interface Pump {
  /** Resolves when the generator has ended in whatever way; failures are sent as a message, not thrown. */
  run<Event extends { type: string }>(
    generator: AsyncGenerator<Event, unknown>,
    onMessage: (message: Stream<Event>) => void,
  ): Promise<void>;
  pause(): void;
  resume(): void;
  step(): void;
  stop(): void;
}

/** @param stepEvent the event type that ends a step */
export function createPump(stepEvent: string): Pump {
  let gate: Promise<void> | null = null;
  let open: () => void = () => undefined;
  let isStopping = false;
  let isStepping = false;
  let isRunning = false;

  const pause = () => {
    gate ??= new Promise((resolve) => (open = resolve));
  };
  const opened = async () => {
    await gate;
  };
  const resume = () => {
    gate = null;
    open();
  };

  return {
    async run(generator, onMessage) {
      if (isRunning)
        throw new AppError(
          'already-running',
          'This worker is already busy with a run.',
          'Stop that run first.',
        );
      isRunning = true;
      isStopping = isStepping = false;
      gate = null;
      try {
        for (;;) {
          const { done, value } = await generator.next();
          if (done) break;
          onMessage({ type: 'event', event: value });
          if (isStepping && value.type === stepEvent) {
            isStepping = false;
            pause();
          }
          if (!isStopping) await opened();
          if (isStopping) {
            await generator.return(undefined);
            break;
          }
        }
      } catch (error) {
        onMessage({ type: 'failed', error: toPlain(error) });
      } finally {
        isRunning = false;
        onMessage({ type: 'ended' });
      }
    },
    pause,
    resume,
    step() {
      isStepping = true;
      resume();
    },
    stop() {
      isStopping = true;
      resume();
    },
  };
}
