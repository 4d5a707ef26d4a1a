/** Everything that the module exports. AssemblyScript; conventions in simd.ts. */
export { gemm, gemmScratch, gemmTransposed, sumRows } from './gemm';
export { gatherUnpacked, stripScratch } from './packed';
export { rmsNorm, rmsNormBackwardX, rmsNormBackwardW } from './norm';
export { rope } from './rope';
export { swiglu, swigluBackward } from './gated';
export { gatherRows, scatterRows, scatterAddRows, appendRows } from './rows';
export { packHeads } from './attention-tiles';
export { attention, attentionScratch } from './attention';
export { attentionBackward, attentionBackwardScratch } from './attention-backward';
export { decodeAttention, decodeScratch } from './decode';
export { logProb, logProbScratch, logitGradient } from './logprob';
export { sample, sampleScratch } from './sample';
export { adamW, sumOfSquares } from './optimizer';
