/**
 * Starts a worker and talks to its service: errors keep their code and hint, calls never hang when the worker dies.
 *
 * comlink 4.4 rebuilds errors as plain ones (hence the transfer handler, installed on both sides), loses replies when
 * a proxy is collected (hence proxies live in module-level variables) and never rejects when a worker ends (hence
 * every call races with the worker's death).
 */
import * as Comlink from 'comlink';
import { AppError } from '../base/errors.ts';
import { carryErrors } from './carry-errors.ts';
import { letGo, watchLifeline } from './lifeline.ts';

carryErrors();

export interface Service<T> {
  /** Calls a method; callbacks among the arguments are proxied. Rejects with `worker-lost` when the worker dies. */
  call<Name extends keyof T>(
    name: Name,
    ...args: T[Name] extends (...args: infer Args) => unknown ? Args : never
  ): Promise<T[Name] extends (...args: never[]) => infer Result ? Awaited<Result> : never>;
  /** Ends the thread; pending calls reject with `worker-lost`. Resolves when it is gone, with the locks it held. */
  kill(): Promise<void>;
}

/**
 * A service that starts its worker on first use and starts a new one after a death.
 * @param title for people: "The trainer"
 */
export function openService<T>(title: string, start: () => Worker): Service<T> {
  let worker: Worker | null = null;
  let proxy: Comlink.Remote<T> | null = null;
  let lost: Promise<never> | null = null;
  let kill: (reason: string) => Promise<void> = () => Promise.resolve();

  const ensure = () => {
    if (worker) return;
    const started = start();
    worker = started;
    let reject: (error: AppError) => void;
    let gone: () => void;
    const ended = new Promise<void>((resolve) => (gone = resolve));
    lost = new Promise((_, fail) => (reject = fail));
    lost.catch(() => undefined);
    const declareLost = (reason: string) => {
      // Late news of a worker that was already replaced.
      if (worker !== started) return;
      worker = proxy = null;
      void letGo(started).then(gone);
      reject(
        new AppError(
          'worker-lost',
          `${title} stopped (${reason}). Everything up to its last checkpoint is stored.`,
          'Continue: it goes on from there. If it stops again at the same place, use a smaller batch or model.',
        ),
      );
    };
    kill = (reason) => {
      declareLost(reason);
      return ended;
    };
    started.addEventListener('error', (event) => {
      // Rejections inside the service reach the caller by themselves; this is the thread as a whole.
      event.preventDefault();
      declareLost(event.message || 'out of memory');
    });
    started.addEventListener('messageerror', () => declareLost('a message could not be read'));
    watchLifeline(started, () => {
      gone();
      declareLost('its thread ended');
    });
    proxy = Comlink.wrap<T>(started);
  };

  return {
    call(name, ...args) {
      ensure();
      const method = (proxy as unknown as Record<keyof T, (...given: unknown[]) => Promise<never>>)[name];
      const carried = args.map((arg) => (typeof arg === 'function' ? Comlink.proxy(arg) : arg));
      return Promise.race([method(...carried), lost!]);
    },
    kill: () => kill('it was ended'),
  };
}
