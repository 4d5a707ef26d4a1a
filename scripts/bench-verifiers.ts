/**
 * `npm run bench:verifiers`: verdicts a second of every preset in one thread, on made-up samples of usual size: a tool
 * set of 14 tools, and right, nearly right and wrong attempts. What runs programs is given a small world to run in.
 */
import { isObject } from '../src/base/json.ts';
import type { Json, JsonObject } from '../src/base/json.ts';
import type { Action, Tool } from '../src/trajectory/record.ts';
import { presets } from '../src/verifier/presets.ts';
import { sampleOf } from '../src/verifier/vectors.ts';
import type { Sample, Verify } from '../src/verifier/verdict.ts';

const MEASURED_MS = 1500;

function calls(name: string, ...given: JsonObject[]): Action {
  const made = given.map((one) => ({ name, arguments: one, argumentsText: JSON.stringify(one) }));
  return { kind: 'calls', calls: made, content: '' };
}

const tools: Tool[] = Array.from({ length: 14 }, (_, index) => ({
  name: `tool_${index}`,
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      user_id: {
        type: 'string',
        title: 'User Id',
        description: 'Identifies the customer for whom the tool acts.',
      },
      tier: { type: 'string', enum: ['regular', 'premium', 'vip'], description: 'The tier of the seat.' },
      count: { type: 'integer', default: 1, description: 'How many seats are wanted.' },
      note: { type: 'string', description: 'What the customer said about the seats, in one sentence.' },
    },
    required: ['user_id', 'tier'],
  },
}));
const seat = {
  user_id: 'GROOM2024',
  tier: 'premium',
  note: 'The customer wants two seats next to each other.',
};

function samples(expected: Action, attempts: Action[], world?: Json): Sample[] {
  // Copies, as they arrive in a worker.
  return attempts.map((made) =>
    structuredClone(sampleOf(expected, made, world === undefined ? { tools } : { tools, world })),
  );
}

const toolCalls = samples(calls('tool_3', seat), [
  calls('tool_3', seat),
  calls('tool_3', { ...seat, tier: 'Premium', count: 1 }),
  calls('tool_3', { ...seat, note: 'The customer wants three seats next to each other.' }),
  calls('tool_3', { ...seat, count: 'two' }),
  calls('tool_4', seat),
  calls('tool_3', seat, { ...seat, user_id: 'OTHER' }),
  { kind: 'message', content: 'Certainly. Which seats would you like?' },
]);
const reply = (keystrokes: string): Action => ({
  kind: 'message',
  content: JSON.stringify({
    analysis: 'The build fails.',
    plan: 'Look at the log.',
    commands: [{ keystrokes }],
  }),
});
const shellWorld = { cwd: '/app', files: { '/app/a.txt': 'one\ntwo\n', '/app/src/b.ts': 'let x = 1;\n' } };
const rows = Array.from({ length: 200 }, (_, n) => `(${n}, 'name ${n % 20}')`).join(',');
const documents = Array.from({ length: 500 }, (_, n) => ({
  id: n,
  text: `topic ${n % 50} word ${n % 7} and some more text`,
}));

const SAMPLES: Record<string, Sample[]> = {
  'gym-terminal': samples(reply('cd build && make 2>&1 | tail -40\n'), [
    reply('cd build && make 2>&1 | tail -50\n'),
    reply('cat build/log.txt\n'),
  ]),
  sql: samples(
    calls('run_sql', { query: 'SELECT name, count(*) FROM t GROUP BY name' }),
    [
      calls('run_sql', { query: 'SELECT name, count(id) AS n FROM t GROUP BY 1' }),
      calls('run_sql', { query: 'SELECT name FROM t' }),
    ],
    { database: `CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES ${rows};` },
  ),
  shell: samples(
    calls('bash', { command: "find . -name '*.ts' | xargs cat" }),
    [calls('bash', { command: 'cat src/b.ts' }), calls('bash', { command: 'cat a.txt' })],
    shellWorld,
  ),
  'script-tools': samples(
    calls('book', { room: 1 }),
    [calls('book', { room: 1 }), calls('book', { room: 2 })],
    {
      script: 'tools = { book: ({ room }, state) => { state.rooms.push(room); } }',
      state: { rooms: [] },
    },
  ),
  'search-evidence': samples(
    calls('search', { query: 'topic 7 word' }),
    [calls('search', { query: 'word of topic 7' }), calls('search', { query: 'more text' })],
    { documents },
  ),
  'search-steps': samples(
    calls('search', { query: 'topic 7 word' }),
    [calls('search', { query: 'word of topic 7' }), calls('search', { query: 'more text' })],
    { documents: documents.slice(0, 20), evidence: [documents[7]!.id] },
  ),
};
SAMPLES['gym-terminal-90'] = SAMPLES['gym-terminal']!;
SAMPLES['shell-simulated'] = SAMPLES.shell!;

/** The sample in a world of its own, because the shell remembers what commands did in the last ones. */
function inRound(sample: Sample, round: number): Sample {
  if (!isObject(sample.world) || !isObject(sample.world.files)) return sample;
  return { ...sample, world: { ...sample.world, files: { ...sample.world.files, '/round': String(round) } } };
}

/** Microseconds a verdict. */
async function measure(verify: Verify, given: Sample[]): Promise<number> {
  let count = 0;
  const start = performance.now();
  while (performance.now() - start < MEASURED_MS) {
    for (const sample of given) {
      const verdict = verify(inRound(sample, count));
      if (verdict instanceof Promise) await verdict; // a plain verdict needs no turn of the event loop
    }
    count += given.length;
  }
  return ((performance.now() - start) * 1000) / count;
}

console.log('preset                   verdicts/s   microseconds each');
for (const { name, verify } of presets) {
  const given = SAMPLES[name] ?? toolCalls;
  const verdicts = [];
  for (const sample of given) verdicts.push(await verify(sample)); // also loads what is lazy
  if (verdicts.every(({ reward }) => reward === null)) {
    console.log(`${name.padEnd(22)} not measured: ${verdicts[0]!.reason}`);
    continue;
  }
  const each = await measure(verify, given);
  const rate = Math.round(1e6 / each).toLocaleString('en');
  console.log(`${name.padEnd(22)} ${rate.padStart(12)} ${each.toFixed(1).padStart(19)}`);
}
