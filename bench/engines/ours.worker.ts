/** The page's worker of Fulcrum's own engine. */
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { answer } from '../measure.ts';
import { group } from './ours-group.ts';
import { loss } from './ours-loss.ts';
import { useWasmFiles } from './ours-open.ts';
import { decode, train } from './ours.ts';

useWasmFiles({
  'tfjs-backend-wasm.wasm': plainUrl,
  'tfjs-backend-wasm-simd.wasm': simdUrl,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
});
await answer({ train, decode, group, loss });
