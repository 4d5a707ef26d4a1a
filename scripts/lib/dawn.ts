/**
 * WebGPU in Node through Dawn, the implementation that Chromium has too: from the npm package `webgpu`, or from a file
 * `dawn.node` beside the program where there is no npm. Which GPU it finds is the Vulkan loader's affair
 * (`VK_DRIVER_FILES`); opening a backend on it is `src/compute/backend.ts`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

interface Dawn {
  create(options: string[]): GPU;
  globals: object;
}

/** A Vulkan driver that computes on the processor, and the environment in which Dawn finds no other. */
export interface SoftwareAdapter {
  name: string;
  environment: Record<string, string>;
}

const drivers = {
  SwiftShader: '/usr/lib/chromium/vk_swiftshader_icd.json',
  // From Mesa 24 on; it has shader-f16 and subgroups, which SwiftShader has not.
  lavapipe: '/usr/share/vulkan/icd.d/lvp_icd.json',
};

/** The software adapters installed here; lavapipe warns unless it is told of some folder for its sockets. */
export function softwareAdapters(): SoftwareAdapter[] {
  return Object.entries(drivers)
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => ({ name, environment: { VK_DRIVER_FILES: file, XDG_RUNTIME_DIR: '/tmp' } }));
}

/**
 * From now on this process has `navigator.gpu` and the names of WebGPU. It then runs until `process.exit`: Dawn's
 * threads keep it alive.
 * @param environment of a software adapter; without it the loader's own choice, a GPU where there is one
 */
export async function openDawn(environment: Record<string, string> = {}): Promise<void> {
  Object.assign(process.env, environment);
  const beside = fileURLToPath(new URL('dawn.node', import.meta.url));
  const { create, globals } = existsSync(beside)
    ? (createRequire(import.meta.url)(beside) as Dawn)
    : ((await import('webgpu')) as Dawn);
  Object.assign(globalThis, globals);
  // Newer versions of Node have a `navigator` of their own, which is a getter without a setter.
  const value = { ...globalThis.navigator, gpu: create([]) };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true, writable: true });
}
