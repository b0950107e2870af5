import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { MessageMap } from '../../src/mapping/message-map.ts';
import { Node } from '../../src/mapping/node.ts';
import { Refusal, type Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { scheduleKey, slotKey } from '../keys.ts';
import { MSH, SFT } from '../segments/envelope.ts';
import {
  AIG_SLOT,
  AIL_SLOT,
  AIP_SLOT,
  AIS_SLOT,
  NTE_SLOT,
  RGS_GROUP,
  SCH_SLOT,
  TQ1_SLOT,
} from '../segments/scheduling.ts';
import { actorKey, actorOf, SHAPES } from './schedule-resource.ts';
import { resourceWindow, shownTime, type TimeWindow, windowOf } from './schedule-time.ts';

/** What becomes of the time. */
const STATUS: Readonly<Record<string, string>> = { S23: 'busy-unavailable', S24: 'free' };

/**
 * S23 blocks and S24 opens a span of the calendars of the people, places and things it names: one Slot each, which the next message
 * about the same span changes. Opening a part of a blocked span leaves the block as it is. No appointment changes.
 * Rule: HL7 v2.5.1 §10.4.12–13, DOMAIN §C1 SIU "Blocked".
 */
export const SIU_BLOCK: MessageMap = {
  name: 'SIU block',
  events: Object.keys(STATUS).map((trigger) => `SIU^${trigger}`),
  maps: [MSH, SFT, SCH_SLOT, TQ1_SLOT, NTE_SLOT, RGS_GROUP, AIS_SLOT, AIG_SLOT, AIL_SLOT, AIP_SLOT],
  run(scope) {
    const sch = scope.message.segment('SCH');
    if (sch === undefined) throw new Refusal('map.key-missing', 'a scheduling message without SCH', 'SCH[1]');
    const session = windowOf(sch, scope, 'session');
    const services = scope.message.segments('AIS').flatMap((ais) => serviceOf(ais, scope));
    const slots = (['AIP', 'AIL', 'AIG'] as const).flatMap((name) =>
      scope.message.segments(name).flatMap((segment) => slotOf(segment, name, session, scope)),
    );
    if (slots.length === 0) throw new Refusal('map.required-missing', 'nobody and no place whose time it is', 'RGS[1]');
    for (const slot of slots) {
      scope.apply(SCH_SLOT, sch, slot);
      slot.set('status', STATUS[scope.trigger]);
      if (services.length > 0) slot.snapshot('serviceType[AIS]', services);
    }
  },
};

function serviceOf(ais: Segment, scope: Scope): Json[] {
  return ais.repetitions(3).flatMap((repetition): Json[] => {
    if (!repetition.hasContent || repetition.isDelete) return [];
    scope.place(ais, 3);
    const concept = conceptOf(new Node(repetition), scope) as unknown as Json | undefined;
    return concept === undefined ? [] : [concept];
  });
}

/** The span of one resource's calendar. Throws when it has no start and end: half a block is not recorded as none. */
function slotOf(segment: Segment, name: 'AIP' | 'AIL' | 'AIG', session: TimeWindow, scope: Scope): Draft[] {
  const window = resourceWindow(segment, SHAPES[name], session, scope);
  if (window === undefined) {
    throw new Refusal(
      'map.required-missing',
      'a span of time without a start and an end or duration',
      `${name}[${segment.occurrence}]-${SHAPES[name].start}`,
    );
  }
  return segment.repetitions(3).flatMap((repetition): Draft[] => {
    if (!repetition.hasContent || repetition.isDelete) return [];
    scope.place(segment, 3);
    const actor = actorOf(new Node(repetition), name, scope);
    if (actor === undefined) return [];
    const schedule = scope.draft(scheduleKey(scope.owner, actorKey(actor)));
    schedule.snapshot('actor', [actor]);
    const [start, end] = [window.start, window.end].map((time) => new Date(shownTime(time)).toISOString());
    const slot = scope.draft(slotKey(scope.owner, schedule.id, start!, end!));
    slot.set('schedule', schedule.reference);
    slot.set('start', window.start);
    slot.set('end', window.end);
    return [slot];
  });
}
