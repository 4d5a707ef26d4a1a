/**
 * Runs one command in a file tree and says what it printed and what the tree is then. The shell is simulated and lives
 * in memory; what a command leaves outside the tree, or in the shell itself, is gone with it. Judges nothing.
 */
import type * as JustBash from 'just-bash';
import { COMMANDS, HOME } from './world.ts';
import type { FileTree } from './world.ts';

/** Counts of work, not time, so that the same command ends the same way on a slow machine. */
const LIMITS: JustBash.BashOptions['executionLimits'] = {
  maxCommandCount: 500,
  maxLoopIterations: 500,
  maxCallDepth: 20,
  maxAwkIterations: 2000,
  maxSedIterations: 2000,
  maxFileSystemBytes: 256 * 1024,
  maxStringLength: 64 * 1024,
  maxOutputSize: 64 * 1024,
  maxTraversalEntries: 2000,
};

/** What the agent is shown of an output; more would only be prompt to pay for. */
const MAX_LINES = 8;
const MAX_CHARACTERS = 200;

let loading: Promise<typeof JustBash> | undefined;

export async function runCommand(
  tree: FileTree,
  command: string,
): Promise<{ output: string; tree: FileTree }> {
  loading ??= import('just-bash');
  const { Bash, InMemoryFs: Files } = await loading;
  const entries = Object.entries(tree.files).map(([path, text]) => [`${HOME}/${path}`, text] as const);
  const fs = new Files(Object.fromEntries(entries));
  for (const folder of ['', ...tree.folders]) fs.mkdirSync(`${HOME}/${folder}`, { recursive: true });
  const shell = new Bash({
    fs,
    cwd: HOME,
    commands: COMMANDS,
    executionLimits: LIMITS,
    sleep: () => Promise.resolve(),
    // A second net below the interpreter, in Node only, for half the time; nothing here runs another language.
    defenseInDepth: false,
  });
  const result = await shell
    .exec(command)
    .catch((error: unknown) => ({ stdout: '', stderr: String(error), exitCode: 126 }));
  return { output: shown(result), tree: await treeOf(fs) };
}

function shown({ stdout, stderr, exitCode }: { stdout: string; stderr: string; exitCode: number }): string {
  const text = `${stdout}${stderr}`.trim();
  if (text === '') return exitCode === 0 ? 'ok' : `exit ${exitCode}`;
  const lines = text.slice(0, MAX_CHARACTERS).split('\n').slice(0, MAX_LINES).join('\n');
  return lines.length < text.length ? `${lines}...` : text;
}

async function treeOf(fs: JustBash.InMemoryFs): Promise<FileTree> {
  const tree: FileTree = { folders: [], files: {} };
  for (const path of fs.getAllPaths()) {
    if (!path.startsWith(`${HOME}/`)) continue;
    const relative = path.slice(HOME.length + 1);
    if ((await fs.stat(path)).isDirectory) tree.folders.push(relative);
    else tree.files[relative] = await fs.readFile(path);
  }
  return tree;
}
