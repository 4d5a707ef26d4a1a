/**
 * `npm run reproduce:bundle -- DIR`: the study as a folder that runs where there is Node but no npm:
 * `node DIR/reproduce.mjs`, with the options of reproduce.ts. Holds the program, its .wasm files, the built-in models and
 * Dawn for this platform.
 */
import { build } from 'esbuild';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensureDependencies, root, run } from './lib/setup.mjs';

const target = process.argv[2];
if (!target) throw new Error('Say which folder: npm run reproduce:bundle -- DIR');
await ensureDependencies();
await run('node', ['scripts/build-kernels.mjs']);

// Packages in CommonJS look for these three, which modules lack.
const banner = `\
import { createRequire as bannerRequire } from 'node:module';
import { dirname as bannerFolder } from 'node:path';
import { fileURLToPath as bannerPath } from 'node:url';
const require = bannerRequire(import.meta.url);
const __filename = bannerPath(import.meta.url);
const __dirname = bannerFolder(__filename);`;

mkdirSync(target, { recursive: true });
await build({
  entryPoints: [join(root, 'scripts/reproduce.ts')],
  outfile: join(target, 'reproduce.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  banner: { js: banner },
  // Parts of just-bash that no world uses, and Dawn, which is taken from the folder.
  external: ['webgpu', '@mongodb-js/zstd', 'node-liblzma'],
  logLevel: 'warning',
});

const require = createRequire(import.meta.url);
const folderOfPackage = (file) => dirname(require.resolve(file));
function copyWasm(folder) {
  for (const name of readdirSync(folder))
    if (name.endsWith('.wasm')) cpSync(join(folder, name), join(target, name));
}
copyWasm(folderOfPackage('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
copyWasm(folderOfPackage('@jitl/quickjs-wasmfile-release-sync'));
cpSync(join(root, 'src/compute/wasm/build'), join(target, 'build'), { recursive: true });
cpSync(join(root, 'public/models'), join(target, 'public/models'), { recursive: true });
const platform = `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
const dawn = join(folderOfPackage('webgpu'), 'dist', platform, 'dawn.node');
cpSync(dawn, join(target, 'dawn.node'));
console.log(`node ${join(target, 'reproduce.mjs')} --quick`);
