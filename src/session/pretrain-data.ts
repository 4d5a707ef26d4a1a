/**
 * From the pretraining mixture to tokens: the text that the tokenizer learns its merges from, and each document as
 * ids with the assistant's own tokens marked. How they are kept and packed is `token-stream.ts`.
 */
import {
  ADDED_TOKENS, CHAT_TEMPLATE, TURN_END, TURN_START,
} from '../environment/pretraining/chat-format.ts'; // prettier-ignore
import { pretrainingDocument, SHARES, sources, type Source } from '../environment/pretraining/mixture.ts';
import { loadChatTemplate } from '../text/chat-template.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { TokenDocument } from './token-stream.ts';

const template = loadChatTemplate({ template: CHAT_TEMPLATE });

/** A source's document as the model's chat template writes it. */
export async function documentText(source: Source, seed: number, index: number): Promise<string> {
  const { messages, tools } = await pretrainingDocument(source, seed, index);
  return template.render(messages, tools, { addGenerationPrompt: false });
}

/** The source's part of all tokens, of the sources there are. */
export function shareOf(source: Source): number {
  const parts = sources.reduce((sum, { name }) => sum + SHARES[name]!, 0);
  return SHARES[source.name]! / parts;
}

/** Texts between the added tokens, about `characters` of them in the mixture's shares: what merges are counted on. */
export async function tokenizerTexts(seed: number, characters: number): Promise<string[]> {
  const added = new RegExp(ADDED_TOKENS.map(({ content }) => content.replace(/[|]/g, '\\|')).join('|'));
  const texts: string[] = [];
  for (const source of sources) {
    let missing = shareOf(source) * characters;
    for (let index = 0; missing > 0; index++) {
      const text = await documentText(source, seed, index);
      texts.push(...text.split(added).filter(Boolean));
      missing -= text.length;
    }
  }
  return texts;
}

/** A document's text as tokens. */
export function tokenDocument(text: string, tokenizer: Tokenizer): TokenDocument {
  const opening = tokenizer.encode(`${TURN_START}assistant\n`);
  const end = tokenizer.idOf(TURN_END);
  const ids = tokenizer.encode(text);
  const isAction: boolean[] = [];
  let isInside = false;
  ids.forEach((id, i) => {
    isAction.push(isInside);
    if (id === end) isInside = false;
    else if (opening.every((token, j) => ids[i - opening.length + 1 + j] === token)) isInside = true;
  });
  return { ids, isAction };
}
