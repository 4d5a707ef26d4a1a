/**
 * From the pretraining mixture to tokens: the text that the tokenizer learns its merges from, and each document as
 * ids with the assistant's own tokens marked. Packing them into batches is `pretrain.ts`.
 */
import {
  ADDED_TOKENS, CHAT_TEMPLATE, TURN_END, TURN_START,
} from '../environment/pretraining/chat-format.ts'; // prettier-ignore
import { pretrainingDocument } from '../environment/pretraining/mixture.ts';
import { loadChatTemplate } from '../text/chat-template.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { TokenDocument } from './pretrain.ts';

const template = loadChatTemplate({ template: CHAT_TEMPLATE });

/** Document `index` of the mixture as the model's chat template writes it. */
export async function documentText(seed: number, index: number): Promise<string> {
  const { messages, tools } = await pretrainingDocument(seed, index);
  return template.render(messages, tools, { addGenerationPrompt: false });
}

/** Texts between the added tokens of the first `count` documents: what merges are counted on. */
export async function tokenizerTexts(seed: number, count: number): Promise<string[]> {
  const added = new RegExp(ADDED_TOKENS.map(({ content }) => content.replace(/[|]/g, '\\|')).join('|'));
  const texts: string[] = [];
  for (let index = 0; index < count; index++)
    texts.push(...(await documentText(seed, index)).split(added).filter(Boolean));
  return texts;
}

/** The stream of documents that `pretrain` takes. */
export function tokenDocuments(
  seed: number,
  tokenizer: Tokenizer,
): (index: number) => Promise<TokenDocument> {
  const opening = tokenizer.encode(`${TURN_START}assistant\n`);
  const end = tokenizer.idOf(TURN_END);
  return async (index) => {
    const ids = tokenizer.encode(await documentText(seed, index));
    const isAction: boolean[] = [];
    let isInside = false;
    ids.forEach((id, i) => {
      isAction.push(isInside);
      if (id === end) isInside = false;
      else if (opening.every((token, j) => ids[i - opening.length + 1 + j] === token)) isInside = true;
    });
    return { ids, isAction };
  };
}
