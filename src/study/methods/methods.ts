/** All methods by name, in the order of the report. */
import type { MethodName } from '../plan.ts';
import { endToEnd } from './end-to-end.ts';
import type { Method } from './method.ts';
import { mixedOnly } from './mixed-only.ts';
import { noFilter } from './no-filter.ts';
import { pivotrl } from './pivotrl.ts';
import { randomReward } from './random-reward.ts';
import { rejection } from './rejection.ts';
import { sft } from './sft.ts';
import { strictReward } from './strict-reward.ts';

export const methods: Record<MethodName, Method> = {
  sft,
  pivotrl,
  'no-filter': noFilter,
  'strict-reward': strictReward,
  'random-reward': randomReward,
  'mixed-only': mixedOnly,
  rejection,
  'end-to-end': endToEnd,
};
