/**
 * Runs shell commands in just-bash, a simulated shell with a file system in memory, and says what could be observed:
 * output, files, working directory, variables. Loaded when first used; nothing outside memory is ever touched.
 * Leaves out comparing and judging.
 */
import type * as JustBash from 'just-bash';
import type { BashExecResult } from 'just-bash';
import { respell } from './shell-spelling.ts';
import { buildFiles, snapshot } from './shell-world.ts';
import type { ShellWorld } from './shell-world.ts';

export interface Observation {
  kind: 'observed';
  /** Standard output, split at line ends and NULs, paths made absolute. */
  lines: string[];
  /** The same without the names of files that grep puts before its lines. */
  bareLines: string[];
  errors: string;
  exitCode: number;
  /** Every path with what it is, as one text each; sorted. */
  files: string[];
  cwd: string;
  /** Shell variables that the command set, as `name=value`; sorted. */
  variables: string[];
  /** Did it print or change anything? */
  hasEffect: boolean;
}

export type ShellOutcome = Observation | { kind: 'lacking'; what: string } | { kind: 'timed-out' };

const MARK = '\u0001fulcrum\u0001';
const SHOW_STATE = `printf '%s' '${MARK}'; pwd; set`;
const NEEDED_TO_SHOW = ['printf', 'pwd'] as const;

let loading: Promise<typeof JustBash> | undefined;

/** @returns `lacking` where the simulated shell misses a command or option that the real one has, or breaks down */
export async function runShell(world: ShellWorld, command: string, limitMs: number): Promise<ShellOutcome> {
  try {
    return await runUnguarded(world, command, limitMs);
  } catch (error) {
    return {
      kind: 'lacking',
      what: `what this takes (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}

async function runUnguarded(world: ShellWorld, command: string, limitMs: number): Promise<ShellOutcome> {
  loading ??= import('just-bash');
  const { Bash, InMemoryFs: Files } = await loading;
  const fs = await buildFiles(Files, world);
  const cwd = world.cwd ?? '/';
  const shell = new Bash({
    fs,
    cwd,
    env: { HOME: '/home/user', USER: 'user', ...world.env },
    ...(world.commands ? { commands: [...world.commands, ...NEEDED_TO_SHOW] } : {}),
    sleep: () => Promise.resolve(),
    executionLimits: {
      maxExecutionTimeMs: limitMs,
      maxCommandCount: 20_000,
      maxLoopIterations: 10_000,
      maxAwkIterations: 100_000,
      maxSedIterations: 100_000,
      maxFileSystemBytes: 64 * 1024 * 1024,
      maxLiveBytes: 128 * 1024 * 1024,
      maxStringLength: 16 * 1024 * 1024,
      maxOutputSize: 4 * 1024 * 1024,
      maxTraversalEntries: 100_000,
    },
  });
  // Lines of a setup that fail here are missing from the world of both commands alike.
  if (world.setup) await shell.exec(world.setup, { cwd: '/' });
  const before = await snapshot(fs);
  // What the command leaves behind in the shell itself is printed after it. Two line ends: one may be escaped.
  const known = await stateBefore(shell, cwd, world.env);
  const start = performance.now();
  const result = await shell
    .exec(`${respell(command)}\n\n__status=$?\n${SHOW_STATE}; exit $__status`, { cwd, rawScript: true })
    .catch((error: unknown): BashExecResult => ({
      stdout: '',
      stderr: String(error),
      exitCode: 126,
      env: {},
    }));
  if (performance.now() - start >= limitMs || ranIntoLimit(result)) return { kind: 'timed-out' };
  const lacking = whatIsLacking(result.stderr);
  if (lacking) return { kind: 'lacking', what: lacking };
  const paths = new Set([...fs.getAllPaths(), ...Object.keys(world.files)]);
  return observe(result, known, cwd, before, await snapshot(fs), paths);
}

let lastState: { key: string; text: string } | undefined;

/** What the shell itself is like before a command, which depends on nothing but this. */
async function stateBefore(shell: JustBash.Bash, cwd: string, env: ShellWorld['env']): Promise<string> {
  const key = JSON.stringify([cwd, env]);
  if (lastState?.key !== key) lastState = { key, text: (await shell.exec(SHOW_STATE, { cwd })).stdout };
  return lastState.text;
}

/** just-bash ends loops, recursion, output and time beyond its limits with status 126. */
function ranIntoLimit({ exitCode, stderr }: BashExecResult): boolean {
  return exitCode === 126 && /limit|too many|exceeded|maximum|timed? ?out/i.test(stderr);
}

function observe(
  result: BashExecResult,
  known: string,
  cwd: string,
  before: string[],
  after: string[],
  paths: Set<string>,
): Observation {
  const [output, shellState] = split(result.stdout);
  const [, knownState] = split(known);
  const [newCwd, ...variables] = shellState ? shellState.split('\n') : [cwd];
  const old = new Set((knownState ?? '').split('\n'));
  const set = variables
    .filter((line) => /^[A-Za-z]\w*=/.test(line) && !old.has(line) && !SHELL_OWN.test(line))
    .sort();
  const lines = output
    .split(/[\n\0]/)
    .flatMap((line) => pathsInLine(line.trimEnd(), cwd, paths))
    .filter((line) => line !== '');
  const hasEffect = lines.length > 0 || set.length > 0 || newCwd !== cwd || !sameList(before, after);
  return {
    kind: 'observed',
    lines,
    bareLines: lines.map((line) => withoutPath(line, cwd, paths)),
    errors: result.stderr,
    exitCode: result.exitCode,
    files: after,
    cwd: newCwd ?? cwd,
    variables: set,
    hasEffect,
  };
}

/** Variables that every command changes. */
const SHELL_OWN =
  /^(?:_|BASH\w*|FUNCNAME|LINENO|OLDPWD|PWD|PIPESTATUS|RANDOM|SECONDS|OPTIND|PPID|SHLVL|EPOCH\w*)=/;

function split(stdout: string): [string, string | undefined] {
  const at = stdout.lastIndexOf(MARK);
  return at < 0 ? [stdout, undefined] : [stdout.slice(0, at), stdout.slice(at + MARK.length)];
}

/** `./a//b` and `a/b` as the absolute path where they are paths: how a path is spelled is no difference. */
function absolute(line: string, cwd: string, paths: Set<string>): string {
  if (line === '' || line.length > 4096) return line;
  const joined = line.startsWith('/') ? line : `${cwd}/${line}`;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const path = `/${parts.join('/')}`;
  if (paths.has(path)) return path;
  return line;
}

/** Several paths in one line, as `xargs` and `echo` print them, are as good as one in each. */
function pathsInLine(line: string, cwd: string, paths: Set<string>): string[] {
  const whole = absolute(line, cwd, paths);
  const words = line.split(' ');
  if (paths.has(whole) || words.length < 2 || words.length > 10_000) return [whole];
  const found = words.map((word) => absolute(word, cwd, paths));
  return found.every((path) => paths.has(path)) ? found : [whole];
}

/** The line without the `path:` that grep puts before it when it searches several files. */
function withoutPath(line: string, cwd: string, paths: Set<string>): string {
  const colon = line.indexOf(':');
  return colon > 0 && paths.has(absolute(line.slice(0, colon), cwd, paths)) ? line.slice(colon + 1) : line;
}

/**
 * The command or option that just-bash lacks though the real programs have it; null when nothing is lacking. Made-up
 * commands and options are errors in the real shell, too, and stay errors.
 */
function whatIsLacking(errors: string): string | null {
  for (const line of errors.split('\n')) {
    const command = /(?:^|: )([\w.+-]+): command not found$/.exec(line)?.[1];
    if (command && REAL_COMMANDS.has(command)) return `the command ${command}`;
    const predicate = /^find: unknown predicate [`'"]?(-[\w]+)/.exec(line)?.[1];
    if (predicate && REAL_PREDICATES.has(predicate)) return `find ${predicate}`;
    const option = /^([\w.+-]+): (?:invalid|unrecognized|unknown|unsupported) (?:option|flag)/.exec(
      line,
    )?.[1];
    if (option) return `an option of ${option}`;
    if (/not (?:yet )?(?:implemented|supported)|unsupported|invalid date format/i.test(line))
      return line.trim();
  }
  return null;
}

const REAL_COMMANDS = new Set(
  `apt apt-get at awk basename bc bunzip2 bzcat bzip2 cal chattr chgrp chown cksum cmp compress cpio crontab csplit
  curl dc dd df dig dir dircolors dmesg dos2unix ed egrep eject emacs expect factor fc file finger fmt free ftp gcc
  getent git gpg groups gunzip gzip halt head hexdump host hostid htop iconv id ifconfig info install ip iptables
  jobs join kill killall last ld less link ln locate logger login look lpr ls lsattr lsblk lsof lzma mail make man
  mawk md5 mkfifo mknod mktemp mogrify more mount mv nano nc netstat nice nl nohup nslookup openssl parallel passwd
  paste patch perl pgrep php pidof ping pkill pr ps pstree pv python python2 python3 rename renice reset rsync ruby
  scp screen script sdiff sed sendmail service sftp sha224sum sha384sum sha512sum shasum shred shuf size sleep ssh
  ssh-keygen strace stty su sudo sum swapon sync sysctl systemctl tail tar tcpdump tee telnet time timeout tmux top
  tput tr traceroute truncate tsort tty umount uname uncompress unlink unxz unzip uptime useradd usermod vi vim w
  wall watch wc wget whereis who whoami write xargs xxd xz xzcat yes zcat zgrep zip zless`.split(/\s+/),
);

const REAL_PREDICATES = new Set(
  `-amin -anewer -atime -cmin -cnewer -context -ctime -daystart -depth -execdir -executable -false -fls -follow
  -fprint -fprint0 -fprintf -fstype -gid -group -H -ignore_readdir_race -ilname -inum -ipath -iregex -iwholename -L
  -links -lname -ls -mmin -mount -newerXY -newermt -newerat -newerct -noleaf -nogroup -nouser -ok -okdir -P -quit
  -readable -regextype -samefile -true -uid -used -user -wholename -writable -xautofs -xdev -xtype`.split(
    /\s+/,
  ),
);

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
