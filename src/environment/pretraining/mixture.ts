/** The pretraining mixture: an endless, seeded stream of chat documents. Rendering and packing are the trainer's. */
import { Random } from '../../base/random.ts';
import { noviceDocument, type Document } from '../demonstrations.ts';
import { helpdesk } from '../helpdesk/helpdesk.ts';
import { exercise, SKILLS } from './skills.ts';
import type { Skill } from './skills.ts';

/** Share of documents that are helpdesk demonstrations; as they are longer, their share of tokens is larger. */
const HELPDESK_SHARE = 0.6;
/** Listing and looking up teach copying, so they come more often. */
const SKILL_WEIGHTS: Record<Skill, number> = {
  arithmetic: 0.15,
  reverse: 0.1,
  sort: 0.1,
  lookup: 0.25,
  list: 0.4,
};

/** Document number `index` of the stream that `seed` names. */
export async function pretrainingDocument(seed: number, index: number): Promise<Document> {
  const random = new Random(seed).fork('pretraining', index);
  return random.bool(HELPDESK_SHARE) ? noviceDocument(helpdesk, random) : skillDocument(random);
}

function skillDocument(random: Random): Document {
  let rest = random.uniform();
  const skill = SKILLS.find((name) => (rest -= SKILL_WEIGHTS[name]) < 0) ?? 'list';
  const messages: Document['messages'] = [];
  for (let turn = 0; turn < 3; turn++) {
    const { question, answer } = exercise(skill, random);
    messages.push({ role: 'user', content: question, isTrainable: false });
    messages.push({ role: 'assistant', content: answer, isTrainable: true });
  }
  return { tools: [], messages };
}
