/** The dataset worker's service: imports, previews, exports, deletions, and trying a verifier out. */
import { AppError } from '../base/errors.ts';
import * as datasets from '../store/datasets.ts';
import * as models from '../store/models.ts';
import * as runs from '../store/runs.ts';
import type { ModelRecord } from '../store/schema.ts';
import { readCompletion } from '../text/completion.ts';
import { countSecrets } from '../trajectory/redact.ts';
import { downloadModel } from './download-model.ts';
import { exportAdapter, exportMetrics, exportModel, exportPivots, exportRun } from './exports.ts';
import { importDataset } from './import-dataset.ts';
import { estimateRun } from './estimate.ts';
import { folderFiles, importModel } from './import-model.ts';
import type { SiteFile } from './load.ts';
import { codecOf, previewTurn } from './preview.ts';
import type { LibraryService } from './services.ts';
import type { Sample } from '../verifier/verdict.ts';
import type { VerifierPool } from './verifier-pool.ts';

/** Datasets that come with the app, as `datasets/index.json` of the site lists them. */
interface BuiltInDataset {
  name: string;
  files: string[];
}

export function createLibraryService(site: SiteFile, verifiers: VerifierPool): LibraryService {
  let importing = new AbortController();
  let downloading = new AbortController();
  const index = async <T>(path: string) => JSON.parse(await (await site(path)).text()) as T;

  return {
    importDataset(name, files, redactSecrets, onProgress) {
      importing = new AbortController();
      const { signal } = importing;
      const named = files.map((file) => ({ name: file.webkitRelativePath || file.name, blob: file }));
      return importDataset({ name, files: named, redactSecrets, isBuiltIn: false, onProgress, signal });
    },
    async importBuiltInDataset(name, onProgress) {
      const entry = (await index<BuiltInDataset[]>('datasets/index.json')).find(
        (dataset) => dataset.name === name,
      );
      if (!entry)
        throw new AppError(
          'dataset-unknown',
          `No dataset called “${name}” comes with Fulcrum.`,
          'Import your own.',
        );
      const files = await Promise.all(
        entry.files.map(async (file) => ({ name: file, blob: await site(`datasets/${file}`) })),
      );
      const { signal } = new AbortController();
      return importDataset({ name, files, redactSecrets: false, isBuiltIn: true, onProgress, signal });
    },
    findSecrets: (files) => countSecrets(files.map((file) => ({ name: file.name, blob: file }))),
    cancelImport: async () => importing.abort(),
    deleteDataset: (id) => datasets.deleteDataset(id),

    importModel(name, files, onProgress) {
      const listed = files.map((file) => ({
        name: file.name,
        path: file.webkitRelativePath || file.name,
        blob: file,
      }));
      return importModel(name, name, folderFiles(listed), onProgress);
    },
    downloadModel(source, onProgress) {
      downloading = new AbortController();
      return downloadModel(source, onProgress, downloading.signal);
    },
    cancelDownload: async () => downloading.abort(),
    async builtInModels() {
      // `npm run index:models` writes the records, so that no model's files are fetched before somebody uses it.
      const records = await index<ModelRecord[]>('models/index.json');
      for (const record of records)
        if ((await models.getModel(record.id))?.hash !== record.hash) await models.putModel(record);
      return records;
    },
    deleteModel: (id) => models.deleteModel(id),
    estimateMemory: (modelId, config, backend) => estimateRun(modelId, config, backend, site),

    previewTurn: (datasetId, trajectoryIndex, messageIndex, modelId) =>
      previewTurn(datasetId, trajectoryIndex, messageIndex, modelId, site),
    exportPivots,
    exportAdapter,
    exportModel: (runId) => exportModel(runId, site),
    exportMetrics,
    exportRun,
    async tryVerifier(preset, expected, text, tools, modelId, world) {
      const codec = modelId === null ? null : await codecOf(modelId, site);
      const attempt = codec
        ? codec.read(codec.tokenizer.encode(text), true, tools)
        : readCompletion(text, true, { tools });
      const sample: Sample = { expected, attempt, tools };
      const [verdict] = await verifiers.verify(preset, [world === undefined ? sample : { ...sample, world }]);
      return verdict!;
    },
    deleteRun: (id) => runs.deleteRun(id),
    configureVerifier: async (options) => verifiers.configure(options),
  };
}
