/**
 * Runs tool calls against tools that a user wrote in JavaScript, inside QuickJS in WebAssembly: no network, no clock,
 * no chance, bounded memory and time. Loaded when first used. Leaves out comparing.
 *
 * The script sees a global `state` and defines functions, either as properties of a global `tools` or by themselves:
 * `tools.book = (args, state) => { state.bookings.push(args.room); return 'ok'; }`. They may be async.
 */
import type { QuickJSHandle, QuickJSWASMModule, Scope as ScopeClass } from 'quickjs-emscripten-core';
import type { Json } from '../base/json.ts';
import { canonicalJson, tryParse } from '../base/json.ts';

export interface ScriptWorld {
  script: string;
  state?: Json;
}

export interface ScriptCall {
  name: string;
  argumentsText: string;
}

export type ScriptOutcome =
  /** `state` and what each call returned or threw, as canonical JSON; `before`: the state as the script left it. */
  | { kind: 'done'; before: string; state: string; results: { value: string; isError: boolean }[] }
  | { kind: 'timed-out' }
  | { kind: 'failed'; what: string };

const MEMORY_BYTES = 64 * 1024 * 1024;
const STACK_BYTES = 256 * 1024; // with 512 KiB the native stack overflows before QuickJS notices

let loading: Promise<Sandbox> | undefined;

interface Sandbox {
  quickJs: QuickJSWASMModule;
  Scope: typeof ScopeClass;
}

/** The core and one build of it: the package that joins them drags three more builds along. */
async function load(): Promise<Sandbox> {
  const [core, variant] = await Promise.all([
    import('quickjs-emscripten-core'),
    import('@jitl/quickjs-wasmfile-release-sync'),
  ]);
  return { quickJs: await core.newQuickJSWASMModuleFromVariant(variant.default), Scope: core.Scope };
}

/** The same time and the same "random" numbers in every run, so that two runs can be compared. */
const PRELUDE = `{
  let seed = 1;
  Math.random = () => ((seed = (seed * 16807) % 2147483647) - 1) / 2147483646;
  const now = 1718452800000;
  const Real = Date;
  globalThis.Date = class Date extends Real {
    constructor(...given) { if (given.length) super(...given); else super(now); }
    static now() { return now; }
  };
}`;

const DRIVER = `(async () => {
  const own = (name) => (globalThis.tools && Object.hasOwn(globalThis.tools, name) ? globalThis.tools[name] : globalThis[name]);
  const text = (value) => JSON.stringify(value) ?? 'null';
  const before = text(globalThis.state);
  const results = [];
  for (const { name, argumentsText } of JSON.parse(__calls)) {
    try {
      const tool = own(name);
      if (typeof tool !== 'function') throw new Error('there is no tool ' + name);
      results.push({ value: text(await tool(JSON.parse(argumentsText), globalThis.state)), isError: false });
    } catch (error) {
      results.push({ value: text(String((error && error.message) || error)), isError: true });
    }
  }
  return JSON.stringify({ before, state: text(globalThis.state), results });
})()`;

/**
 * @param limitMs of wall-clock time
 * @param limitSteps of the program, in units of about 10 000 jumps and calls (QuickJS looks up that often): unlike
 *   time, the same on a busy machine
 */
export async function runScript(
  world: ScriptWorld,
  calls: ScriptCall[],
  limitMs: number,
  limitSteps = Infinity,
): Promise<ScriptOutcome> {
  const { quickJs, Scope } = await (loading ??= load());
  const end = performance.now() + limitMs;
  const isLate = () => performance.now() > end;
  try {
    return await Scope.withScopeAsync(async (scope) => {
      const runtime = scope.manage(quickJs.newRuntime());
      runtime.setMemoryLimit(MEMORY_BYTES);
      runtime.setMaxStackSize(STACK_BYTES);
      let steps = 0;
      let isInterrupted = false;
      runtime.setInterruptHandler(() => (isInterrupted ||= isLate() || ++steps > limitSteps));
      const context = scope.manage(runtime.newContext());
      const failed = (error: QuickJSHandle, what: string) =>
        failure(context.dump(scope.manage(error)), isLate(), what);

      context.setProp(context.global, '__calls', scope.manage(context.newString(JSON.stringify(calls))));
      const setup = `${PRELUDE}\nglobalThis.state = ${JSON.stringify(world.state ?? null)};\n`;
      for (const code of [setup, world.script]) {
        const loaded = context.evalCode(code, 'tools.js');
        if (loaded.error) return failed(loaded.error, 'the tools do not load');
        loaded.value.dispose();
      }
      const started = context.evalCode(DRIVER, 'driver.js');
      if (started.error) return failed(started.error, 'the tools failed');
      const promise = scope.manage(started.value);
      for (;;) {
        // Async functions turn an interruption into an error of their own, which the driver takes for an answer.
        if (isInterrupted) return { kind: 'timed-out' };
        const state = context.getPromiseState(promise);
        if (state.type === 'fulfilled') {
          return outcomeOf(tryParse(context.getString(scope.manage(state.value))) as unknown as Answer);
        }
        if (state.type === 'rejected') return failed(state.error, 'the tools failed');
        if (isLate()) return { kind: 'timed-out' };
        const worked = runtime.executePendingJobs(16);
        if (worked.error) return failed(worked.error, 'the tools failed');
        // Nothing left to do and still not settled: it waits for something that never comes.
        if (worked.value === 0) return { kind: 'timed-out' };
      }
    });
  } catch (error) {
    // The module itself may be broken now: the next run starts a fresh one.
    loading = undefined;
    return isLate()
      ? { kind: 'timed-out' }
      : { kind: 'failed', what: `the sandbox broke down: ${String(error)}` };
  }
}

interface Answer {
  before: string;
  state: string;
  results: { value: string; isError: boolean }[];
}

function outcomeOf({ before, state, results }: Answer): ScriptOutcome {
  const canonical = (text: string) => canonicalJson(JSON.parse(text) as Json);
  return {
    kind: 'done',
    before: canonical(before),
    state: canonical(state),
    results: results.map(({ value, isError }) => ({ value: canonical(value), isError })),
  };
}

function failure(error: unknown, isLate: boolean, what: string): ScriptOutcome {
  const message =
    error && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
  return isLate || message === 'interrupted'
    ? { kind: 'timed-out' }
    : { kind: 'failed', what: `${what}: ${message}` };
}
