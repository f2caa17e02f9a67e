import type { SkipReason } from '../../src/model/flow.ts';
import { ABSENT, OBJECT, type Slots } from '../../src/scan/slots.ts';
import { LINE_FIELD } from './fields.ts';

/** Why a line that holds no flow is none, and how many events it says were lost, if it says so. */
export function otherLine(b: Buffer, values: Slots): { readonly reason: SkipReason; readonly lost: number | null } {
  const { kinds } = values;
  if (kinds[LINE_FIELD.lost_events] === OBJECT) return { reason: 'lost-events', lost: values.integer(b, LINE_FIELD['lost_events.num_events_lost']) ?? 1 };
  return { reason: kinds[LINE_FIELD.flow] === ABSENT ? 'not-a-flow' : 'malformed', lost: null };
}
