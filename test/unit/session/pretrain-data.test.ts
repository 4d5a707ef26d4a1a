import { beforeAll, describe, expect, it } from 'vitest';
import {
  ADDED_TOKENS,
  CHAT_TEMPLATE,
  TURN_END,
  WORD_PATTERN,
} from '../../../src/environment/pretraining/chat-format.ts';
import { pretrainingDocument, sources } from '../../../src/environment/pretraining/mixture.ts';
import { documentText, tokenDocument, tokenizerTexts } from '../../../src/session/pretrain-data.ts';
import { trainBytePairs } from '../../../src/text/bpe-trainer.ts';
import { loadCodec, type Codec } from '../../../src/text/codec.ts';

const contents = (special: boolean) =>
  ADDED_TOKENS.filter((token) => token.special === special).map(({ content }) => content);

/** The first documents of every source. */
const some = (count: number) =>
  sources.flatMap((source) => Array.from({ length: count }, (_, index) => [source, index] as const));

describe('the pretraining text as tokens', () => {
  let codec: Codec;
  beforeAll(async () => {
    const tokenizerJson = trainBytePairs(await tokenizerTexts(1, 100_000), {
      vocabSize: 500,
      specialTokens: contents(true),
      addedTokens: contents(false),
      pattern: WORD_PATTERN,
    });
    codec = loadCodec({
      tokenizerJson,
      tokenizerConfig: { chat_template: CHAT_TEMPLATE, eos_token: TURN_END },
    });
  });

  it('reads back as it was written', async () => {
    for (const [source, index] of some(10)) {
      const text = await documentText(source, 1, index);
      expect(codec.tokenizer.decode(codec.tokenizer.encode(text))).toBe(text);
    }
    const foreign = 'Zürich ½ 東京 🙂\tif (a<b) {\r\n';
    expect(codec.tokenizer.decode(codec.tokenizer.encode(foreign))).toBe(foreign);
  });

  it('spells every number digit by digit, wherever it stands', () => {
    for (const text of ['order 482', '#482', '{"order_id": 482}', '482', 'x482y']) {
      const tokens = codec.tokenizer.encode(text).map((id) => codec.tokenizer.tokenOf(id));
      expect(tokens.filter((token) => /\d/.test(token!))).toEqual(['4', '8', '2']);
    }
  });

  it('keeps every newline a token of its own, so that a reply never merges with the prompt before it', () => {
    // Merges are learned where a reply often begins with the same sign.
    const texts = new Array<string>(50).fill('assistant\n(red)\n\n"blue"\n./a\n{"b": 1}\n</c>');
    const options = { vocabSize: 400, specialTokens: contents(true), pattern: WORD_PATTERN };
    const { model } = trainBytePairs(texts, options) as { model: { vocab: Record<string, number> } };
    // Ċ is the byte of a newline in a byte-level vocabulary.
    expect(Object.keys(model.vocab).filter((token) => token.includes('Ċ'))).toEqual(['Ċ']);
  });

  it('marks exactly what the assistant writes, with the end of its turn', async () => {
    for (const [source, index] of some(20)) {
      const { messages, tools } = await pretrainingDocument(source, 1, index);
      const { ids, isAction } = tokenDocument(await documentText(source, 1, index), codec.tokenizer);
      const written = ids.filter((_, i) => isAction[i]);
      const expected = messages.flatMap((message, i) =>
        message.role === 'assistant' ? codec.actionIds(message, messages.slice(0, i), tools) : [],
      );
      expect(written).toEqual(expected);
    }
  });

  it('gives a prompt the same tokens alone as inside its document', async () => {
    for (const [source, index] of some(20)) {
      const { messages, tools } = await pretrainingDocument(source, 1, index);
      const whole = codec.tokenizer.encode(await documentText(source, 1, index));
      messages.forEach((message, i) => {
        if (message.role !== 'assistant') return;
        const prompt = codec.promptIds(messages.slice(0, i), tools);
        expect(whole.slice(0, prompt.length)).toEqual(prompt);
      });
    }
  });

  it('shows the model its tools as short signatures and reads its calls without a fault', async () => {
    const helpdesk = sources.find(({ name }) => name === 'helpdesk')!;
    let document = await pretrainingDocument(helpdesk, 1, 0);
    for (let index = 1; !document.messages.some(({ calls }) => calls); index++)
      document = await pretrainingDocument(helpdesk, 1, index);
    const { messages, tools } = document;
    const at = messages.findIndex(({ calls }) => calls);
    const prompt = codec.promptText(messages.slice(0, at), tools);
    for (const { name } of tools)
      expect(prompt).toMatch(new RegExp(`\\n${name}\\([a-z_]+(, [a-z_]+)?\\??\\)`));
    const attempt = codec.read(codec.actionIds(messages[at]!, messages.slice(0, at), tools), true, tools);
    expect(attempt.faults).toEqual([]);
    expect(attempt.action).toMatchObject({
      kind: 'calls',
      calls: [{ name: messages[at]!.calls![0]!.name, arguments: messages[at]!.calls![0]!.arguments }],
    });
  });

  it('renders conversations without system message, tools or parameters', () => {
    expect(codec.promptText([{ role: 'user', content: 'Hi', isTrainable: false }], [])).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    );
    const bare = codec.promptText(
      [{ role: 'user', content: 'Hi', isTrainable: false }],
      [{ name: 'now', parameters: {} }],
    );
    expect(bare).toContain('now()');
  });
});
