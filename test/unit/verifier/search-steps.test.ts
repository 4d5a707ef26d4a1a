import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/base/json.ts';
import { presetNamed } from '../../../src/verifier/presets.ts';
import { searchSteps } from '../../../src/verifier/search-steps.ts';
import { call, calls, message, sample } from './samples.ts';

const documents = [
  { id: 12, title: 'Anna firm', text: 'Anna works for Borel.' },
  { id: 31, title: 'Anna firm', text: 'Borel pays Anna.' },
  { id: 40, title: 'Anna teacher', text: 'Lena taught Anna.' },
  { id: 55, title: 'Lena firm', text: 'Lena works for Dupont.' },
  { id: 61, title: 'Borel seat', text: 'Borel is in Lima.' },
];
const verify = presetNamed('search-steps').verify;
const judge = (
  expected: ReturnType<typeof calls>,
  made: ReturnType<typeof calls>,
  evidence: (number | string)[] = [12, 31],
) => verify({ ...sample(expected, made), world: { documents, evidence } });
const query = (text: string) => call('search', { query: text });
const open = (id: number | string) => call('open', { id });

describe('search, step by step', () => {
  test('takes any query that finds one of the needed documents', () => {
    for (const text of ['Anna firm', 'firm of Anna', 'who pays Anna', 'anna']) {
      expect(judge(calls(query('Anna firm')), calls(query(text)))).toMatchObject({
        reward: 1,
        category: 'EVIDENCE_FOUND',
      });
    }
  });

  test('rejects queries that find others, nothing, or name everything', () => {
    for (const text of ['seat', 'Lima', '', ' ', '?', 'zzz', 'Anna Borel Lena Dupont Lima firm seat']) {
      expect(judge(calls(query('Anna firm')), calls(query(text)))).toMatchObject({
        reward: 0,
        category: 'OTHER_EVIDENCE',
      });
    }
  });

  test('counts only what a search shows, three documents unless told otherwise', () => {
    const asked = {
      ...sample(calls(query('Borel seat')), calls(query('Anna'))),
      world: { documents, evidence: [61] },
    };
    expect(verify(asked)).toMatchObject({ reward: 0 });
    const twelve = calls(query('Lena taught'));
    const world = { documents, evidence: [55] };
    expect(verify({ ...sample(twelve, twelve), world })).toMatchObject({ reward: 1 });
    expect(searchSteps({ retrieved: 1 })({ ...sample(twelve, twelve), world })).toMatchObject({
      reward: null,
    });
    expect(
      searchSteps({ longestQueryWords: 1 })({ ...sample(calls(query('Lena')), twelve), world }),
    ).toMatchObject({
      reward: 0,
    });
  });

  test('takes opening any of the needed documents, and no other', () => {
    expect(judge(calls(open(12)), calls(open(31)))).toMatchObject({ reward: 1 });
    expect(judge(calls(open(12)), calls(open(40)))).toMatchObject({ reward: 0 });
    expect(judge(calls(open(12)), calls(call('close', { id: 12 })))).toMatchObject({ reward: 0 });
  });

  test('compares ids that are texts', () => {
    const named = documents.map((document) => ({ ...document, id: `d${document.id}` }));
    const world = { documents: named, evidence: ['d12', 'd31'] };
    expect(verify({ ...sample(calls(open('d12')), calls(open('d31'))), world })).toMatchObject({ reward: 1 });
    expect(verify({ ...sample(calls(open('d12')), calls(open('d40'))), world })).toMatchObject({ reward: 0 });
    expect(verify({ ...sample(calls(query('Anna')), calls(query('Anna firm'))), world })).toMatchObject({
      reward: 1,
    });
  });

  test('compares other calls by their arguments, as guarded', () => {
    const answer = (text: string) => calls(call('answer', { text }));
    expect(judge(answer('Lima'), answer('lima'), [])).toMatchObject({ reward: 1 });
    expect(judge(answer('Lima'), answer('Lima Lena'), [])).toMatchObject({ reward: 0 });
    expect(judge(answer('Lima'), answer('Borel'), [])).toMatchObject({ reward: 0 });
    expect(judge(answer('Anna'), answer('Anna firm'))).toMatchObject({ reward: 0 });
  });

  test('never takes one kind of step for another', () => {
    expect(judge(calls(open(12)), calls(query('Anna firm')))).toMatchObject({ reward: 0 });
    expect(judge(calls(query('Anna firm')), calls(open(12)))).toMatchObject({ reward: 0 });
    expect(judge(calls(query('Anna firm')), calls(call('find', { query: 'Anna firm' })))).toMatchObject({
      reward: 0,
    });
  });

  test('takes no query under another name or with other arguments beside it', () => {
    const others: JsonObject[] = [
      { q: 'Anna' },
      { query: 'Anna', all: true },
      { query: 'Anna', id: 12 },
      { text: 'Anna' },
    ];
    for (const given of others) {
      expect(judge(calls(query('Anna firm')), calls(call('search', given)))).toMatchObject({ reward: 0 });
    }
    const few = (count: number) => calls(call('search', { query: 'Anna', count }));
    expect(judge(few(3), few(3))).toMatchObject({ reward: 1 });
    expect(judge(few(3), few(4))).toMatchObject({ reward: 0 });
  });

  test('lets every surplus call cost: searching or opening everything does not pay', () => {
    const all = documents.map(({ id }) => open(id));
    expect(judge(calls(open(12)), calls(...all))).toMatchObject({ reward: 2 / 6 });
    expect(judge(calls(query('Anna firm')), calls(query('Anna firm'), query('Lena')))).toMatchObject({
      reward: 2 / 3,
    });
    expect(judge(calls(query('Anna'), open(12)), calls(open(31), query('Anna firm')))).toMatchObject({
      reward: 1,
    });
  });

  test('punishes prose and malformed output as guarded does', () => {
    const world = { documents, evidence: [12] };
    const expected = calls(query('Anna firm'));
    expect(verify({ ...sample(expected, message('Borel')), world })).toMatchObject({ reward: -0.5 });
    expect(verify({ ...sample(expected, calls(call('search', '{"query": ')), [], []), world })).toMatchObject(
      {
        reward: -1,
      },
    );
    expect(verify({ ...sample(message('Borel'), calls(query('Anna'))), world })).toMatchObject({ reward: 0 });
    expect(verify({ ...sample(message('Borel'), message('So it is.')), world })).toMatchObject({
      reward: 0.5,
    });
  });

  test('has no verdict without documents or evidence, or when the demonstration misses it', () => {
    const expected = calls(query('Anna firm'));
    const worlds: Json[] = [{}, { documents }, { evidence: [12] }, { documents, evidence: [61] }];
    for (const asked of [
      sample(expected, expected),
      ...worlds.map((world) => ({ ...sample(expected, expected), world })),
    ]) {
      expect(verify(asked)).toMatchObject({ reward: null });
    }
  });
});
