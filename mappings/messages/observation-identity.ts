import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import { looseObservationKey, observationKey } from '../keys.ts';
import { BLOOD_PRESSURE, BLOOD_PRESSURE_PARTS, isVitalSign } from '../tables/observation.ts';
import type { ObservationContext } from './observation.ts';

/** The Observation an OBX is of. `continues`: it is a further line of a text that an OBX before it began. */
export interface Identity {
  readonly observation: Draft;
  readonly continues: boolean;
}

/** The OBX of one key and code in this message. */
interface Claims {
  last: Segment;
  /** Of the Observation that `last` is of; 0 for the first. */
  ordinal: number;
  /** What an OBX stated → the Observation it is of. */
  readonly stated: Map<string, number>;
}

const CLAIMS = new WeakMap<Scope, Map<string, Claims>>();

/** Types whose OBX may be the lines of one text. */
const LINES = new Set(['TX', 'FT', 'ST']);

/** What makes two OBX of one key the same statement: type, value, unit, status, time. */
const STATED = [2, 5, 6, 11, 14];

const partOf = (obx: Segment, field: number): string => obx.field(field).text?.trim() ?? '';

function isNextLine(before: Segment, obx: Segment): boolean {
  if (!LINES.has(partOf(before, 2)) || !LINES.has(partOf(obx, 2))) return false;
  if (before.field(5).isDelete || obx.field(5).isDelete) return false;
  return partOf(before, 11) === partOf(obx, 11) && partOf(before, 14) === partOf(obx, 14);
}

const statedBy = (obx: Segment): string => STATED.map((field) => partOf(obx, field)).join('\n');

/**
 * Keyed by order (else visit or patient), code and sub-id, so that a correction replaces what it corrects. Several OBX of one key in one
 * message are the lines of one text, or else results of their own, told apart by their order: none takes the place of another.
 * Rule: HL7 v2.5.1 §7.4.2.4 (OBX-4 tells OBX of one code apart; senders leave it out); H20.
 */
export function identify(obx: Segment, code: string, context: ObservationContext, scope: Scope): Identity {
  const isPart = BLOOD_PRESSURE_PARTS[code] !== undefined;
  const key = isPart ? BLOOD_PRESSURE.key : code;
  const subId = obx.get(4)?.trim() || undefined;
  const at = obx.get(14)?.trim() || undefined;
  // Vital signs are taken again and again under one order: without a sub-id their time tells them apart.
  const discriminator = subId ?? (isPart || isVitalSign(key) || context.isSeries ? at : undefined);
  const keyed = (ordinal: number) => {
    const { order, patient, encounter } = context;
    const nth = (text: string | undefined) => (ordinal === 0 ? text : `${text ?? ''}#${ordinal + 1}`);
    return order === undefined
      ? looseObservationKey(scope.owner, (encounter ?? patient).id, key, nth(discriminator ?? at))
      : observationKey(scope.owner, order, key, nth(discriminator));
  };
  const { authority, value } = keyed(0);
  const { ordinal, continues } = claim(`${authority}\n${value}\n${code}`, obx, scope);
  return { observation: scope.draft(keyed(ordinal), context.patient.id), continues };
}

function claim(key: string, obx: Segment, scope: Scope): { readonly ordinal: number; readonly continues: boolean } {
  const all = CLAIMS.get(scope) ?? new Map<string, Claims>();
  CLAIMS.set(scope, all);
  const claims = all.get(key);
  if (claims === undefined) {
    all.set(key, { last: obx, ordinal: 0, stated: new Map([[statedBy(obx), 0]]) });
    return { ordinal: 0, continues: false };
  }
  const continues = isNextLine(claims.last, obx);
  claims.last = obx;
  if (continues) return { ordinal: claims.ordinal, continues };
  const stated = statedBy(obx);
  const known = claims.stated.get(stated);
  claims.ordinal = known ?? claims.stated.size;
  claims.stated.set(stated, claims.ordinal);
  if (known === undefined) {
    scope.place(obx, 4);
    scope.issue('map.observation-repeated', 'a code comes again without a sub-id: kept apart by order', 'information');
  }
  return { ordinal: claims.ordinal, continues };
}
