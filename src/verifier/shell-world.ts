/**
 * File systems for shell commands: how a dataset describes one, building it in memory, and writing down what is in it.
 * Runs nothing.
 */
import type { CommandName, InMemoryFs } from 'just-bash';

export interface WorldFile {
  content: string;
  /** Permission bits. */
  mode?: number;
  /** Age in days, fractions allowed. */
  ageDays?: number;
  /** What `stat` says, for files too large to exist. */
  sizeBytes?: number;
}

export interface ShellWorld {
  files: Record<string, string | WorldFile>;
  directories?: string[];
  links?: Record<string, string>;
  /** A script that is run before. */
  setup?: string;
  cwd?: string;
  env?: Record<string, string>;
  /** The programs that there are; all that just-bash has where left out. Few are quicker to set up. */
  commands?: CommandName[];
}

const NOW = Date.UTC(2024, 5, 15, 12);
const DAY_MS = 86_400_000;

/** Entries that contradict each other (a file below a file) are left out. */
export async function buildFiles(Files: typeof InMemoryFs, world: ShellWorld): Promise<InMemoryFs> {
  const sizes = new Map<string, number>();
  /** Reports the sizes of files that are too large to exist. */
  class WorldFs extends Files {
    override async stat(path: string) {
      return this.resized(path, await super.stat(path));
    }

    override async lstat(path: string) {
      return this.resized(path, await super.lstat(path));
    }

    private resized<T extends { size: number; isFile: boolean }>(path: string, info: T): T {
      const size = sizes.get(path);
      return size !== undefined && info.isFile ? { ...info, size } : info;
    }
  }
  const fs = new WorldFs();
  const folders = new Set<string>(['/']);
  const makeFolder = (path: string) => {
    fs.mkdirSync(path, { recursive: true });
    for (let at = path; at !== '' && at !== '/'; at = parentOf(at)) folders.add(at);
  };
  for (const path of ['/tmp', '/home/user', world.cwd ?? '/', ...(world.directories ?? [])]) makeFolder(path);
  // A path cannot be a file and a folder: folders first, then shorter paths.
  const contents = new Map<string, string | WorldFile>(Object.entries(world.files));
  const links = new Map(Object.entries(world.links ?? {}));
  for (const path of [...contents.keys(), ...links.keys()].sort((a, b) => a.length - b.length)) {
    const parent = parentOf(path);
    const blocked = [...ancestorsOf(path)].some(
      (at) => !folders.has(at) && (contents.has(at) || links.has(at)),
    );
    if (folders.has(path) || blocked) continue;
    makeFolder(parent === '' ? '/' : parent);
    const file = contents.get(path);
    if (file === undefined) {
      await fs.symlink(links.get(path)!, path);
      continue;
    }
    const { content, mode, ageDays, sizeBytes } =
      typeof file === 'string' ? ({ content: file } as WorldFile) : file;
    const mtime = new Date((ageDays === undefined ? NOW : Date.now()) - (ageDays ?? 0) * DAY_MS);
    fs.writeFileSync(path, content, undefined, { mode: mode ?? 0o644, mtime });
    if (sizeBytes !== undefined) sizes.set(path, sizeBytes);
  }
  await ageFolders(fs, folders);
  return fs;
}

/** A folder is as young as the youngest entry in it, as if the entries had been made one by one. */
async function ageFolders(fs: InMemoryFs, folders: Set<string>): Promise<void> {
  const youngest = new Map<string, number>();
  for (const path of fs.getAllPaths()) {
    if (folders.has(path)) continue;
    const made = (await fs.lstat(path)).mtime.getTime();
    youngest.set(parentOf(path), Math.max(youngest.get(parentOf(path)) ?? 0, made));
  }
  for (const folder of folders) {
    const made = new Date(youngest.get(folder === '/' ? '' : folder) ?? NOW);
    await fs.utimes(folder, made, made);
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function* ancestorsOf(path: string): Iterable<string> {
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) yield at;
}

/** Every path with what it is, one text each; sorted. */
export async function snapshot(fs: InMemoryFs): Promise<string[]> {
  const out: string[] = [];
  for (const path of fs.getAllPaths()) {
    if (/^\/(?:bin|dev|proc|usr\/bin)(?:\/|$)/.test(path)) continue;
    const info = await fs.lstat(path).catch(() => null); // unreachable below a link that was moved over a folder
    if (!info) continue;
    const mode = info.mode.toString(8);
    if (info.isSymbolicLink) out.push(`${path} link ${await fs.readlink(path)}`);
    else if (info.isDirectory) out.push(`${path} directory ${mode}`);
    else out.push(`${path} file ${mode} ${touched(info.mtime)} ${await fs.readFile(path, 'binary')}`);
  }
  return out.sort();
}

/** Files of the world are old; what a command writes or touches is not. Set dates count by the minute. */
function touched(mtime: Date): string {
  const isNew = Math.abs(mtime.getTime() - Date.now()) < DAY_MS / 24;
  return isNew ? 'new' : mtime.toISOString().slice(0, 16);
}
