/**
 * Fact questions, for MMLU-Pro, and the same questions in a second language, for MMLU-ProX. The facts are known in
 * both splits; of each fact one phrasing is held out, which is known with other facts.
 */
import { hash32 } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { plain, type Exercise, type Skill } from './skill.ts';
import { VELI } from './veli.ts';

interface Relation {
  /** What is asked about → the answer. */
  facts: Record<string, string>;
  /** `_` is the place of what is asked about. */
  english: readonly string[];
  veli: readonly string[];
}

const RELATIONS: readonly Relation[] = [
  {
    facts: {
      Norway: 'Oslo', Italy: 'Rome', Peru: 'Lima', France: 'Paris', Germany: 'Berlin', Egypt: 'Cairo', India: 'Delhi',
      Japan: 'Tokyo', Ecuador: 'Quito', Portugal: 'Lisbon', Switzerland: 'Bern', Latvia: 'Riga',
    },
    english: ['What is the capital of _?', 'Name the capital of _.', 'Which city is the capital of _?', 'Say the capital of _.'],
    veli: ['Ka lo sotu de _?', 'Nemi sotu de _.', 'Kela dovu lo sotu de _?', 'Dira sotu de _.'],
  },
  {
    facts: {
      snow: 'white', grass: 'green', blood: 'red', 'the sky': 'blue', coal: 'black', 'a lemon': 'yellow',
      chocolate: 'brown', ash: 'grey',
    },
    english: ['What is the colour of _?', 'Name the colour of _.', 'Which colour has _?', 'Say the colour of _.'],
    veli: ['Ka lo tira de _?', 'Nemi tira de _.', 'Kela tira hato _?', 'Dira tira de _.'],
  },
  {
    facts: {
      hot: 'cold', cold: 'hot', big: 'small', small: 'big', old: 'young', young: 'old', fast: 'slow', slow: 'fast',
      wet: 'dry', dry: 'wet',
    },
    english: ['What is the opposite of _?', 'Name the opposite of _.', 'Which word is the opposite of _?', 'Say the opposite of _.'],
    veli: ['Ka lo pano de _?', 'Nemi pano de _.', 'Kela sano lo pano de _?', 'Dira pano de _.'],
  },
  {
    facts: { 'an ant': '6', 'a spider': '8', 'a horse': '4', 'a bird': '2' },
    english: ['How many legs has _?', 'Count the legs of _.', 'Say how many legs _ has.', 'What is the number of legs of _?'],
    veli: ['Mano gula hato _?', 'Konta gula de _.', 'Dira mano gula _ hato.', 'Ka lo mano de gula de _?'],
  },
  {
    facts: { 'an oak': 'tree', iron: 'metal', 'a pear': 'fruit', 'a rose': 'flower', 'a trout': 'fish' },
    english: ['What kind of thing is _?', 'Name the kind of _.', 'Which kind of thing is _?', 'Say the kind of _.'],
    veli: ['Ka sorva lo _?', 'Nemi sorva de _.', 'Kela sorva lo _?', 'Dira sorva de _.'],
  },
]; // prettier-ignore

const bare = (text: string): string => text.replace(/^(an?|the) /, '');

/** Names and numbers are the same in both languages; Veli has no articles. */
const inVeli = (text: string): string => (VELI as Record<string, string>)[bare(text)] ?? text;

/** `draw` for one of the two languages. */
function drawIn(language: 'english' | 'veli') {
  const translate = language === 'veli' ? inVeli : (text: string) => text;
  const all = RELATIONS.flatMap((relation) =>
    Object.entries(relation.facts).map(([asked, answer]) => ({
      asked,
      answer,
      phrasings: relation[language],
    })),
  );
  return (random: Random, split: 'train' | 'heldout'): Exercise => {
    const { asked, answer, phrasings } = random.pick(all);
    const heldOut = phrasings[hash32(language, asked) % phrasings.length]!;
    const phrasing =
      split === 'heldout' ? heldOut : random.pick(phrasings.filter((phrasing) => phrasing !== heldOut));
    return {
      question: phrasing.replace('_', translate(asked)),
      answer: translate(answer),
      accepts: (text) => bare(plain(text)) === plain(translate(answer)),
    };
  };
}

export const facts: Skill = {
  name: 'facts',
  title: 'Fact questions',
  standsFor: 'MMLU-Pro',
  draw: drawIn('english'),
};

export const veliFacts: Skill = {
  name: 'veli-facts',
  title: 'Facts in Veli',
  standsFor: 'MMLU-ProX',
  draw: drawIn('veli'),
};
