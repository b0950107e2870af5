import type { ChargeItem } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import {
  every,
  type FieldValue,
  first,
  type OutboundMessage,
  refusal,
  type SegmentPlan,
} from '../../src/mapping/outbound/row.ts';
import { about } from '../../src/mapping/outbound/scene.ts';
import { dtm, nm, st } from '../../src/mapping/outbound/writers.ts';
import { EVENT_EVN } from './event-evn.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { refuseUnlessRelayed } from './relay.ts';
import { VISIT_PV1 } from './visit-pv1.ts';

/** Charge or credit (table 0017): a charge that its source took back is a credit of the same number. */
function transactionType({ ChargeItem: entry }: Subject): FieldValue {
  const { status } = (entry?.value ?? {}) as ChargeItem;
  return [[['aborted', 'entered-in-error', 'not-billable'].includes(`${status}`) ? 'CD' : 'CG']];
}

const CHARGE_FT1: SegmentPlan = {
  segment: 'FT1',
  required: true,
  each: (scene) => about(scene.focus),
  rows: [
    { to: 'FT1-1', give: () => [['1']] },
    { to: 'FT1-2', from: 'ChargeItem.identifier.value', as: first(st), required: true },
    { to: 'FT1-4', from: 'ChargeItem.occurrenceDateTime', as: first(dtm) },
    { to: 'FT1-4', from: 'ChargeItem.occurrencePeriod.start', as: first(dtm) },
    { to: 'FT1-6', give: transactionType, carries: ['ChargeItem.status'], required: true },
    { to: 'FT1-7', from: 'ChargeItem.code', as: first(cwe('0132')), required: true },
    { to: 'FT1-10', from: 'ChargeItem.quantity.value', as: first(nm) },
    { to: 'FT1-19', from: 'ChargeItem.reason', as: every(cwe('0051')) },
    { to: 'FT1-20', from: 'ChargeItem.performer.actor', as: first(xcn) },
    { to: 'FT1-25', from: 'ChargeItem.code', as: first(cwe('0088')) },
  ],
  also: ['ChargeItem.subject', 'ChargeItem.context', 'ChargeItem.identifier'],
};

/** ChargeItem → DFT, as told on. The hub makes no charges, and none is told before the service was given. Rule: H15. */
export const CHARGE_DFT: OutboundMessage = {
  focus: ['ChargeItem'],
  trigger: () => ({ type: 'DFT', event: 'P03', structure: 'DFT_P03' }),
  refuse(scene) {
    const reason = refuseUnlessRelayed(scene, ['DFT^P03', 'DFT^P11']);
    if (reason !== undefined) return reason;
    const { status } = scene.focus.value as ChargeItem;
    return `${status}` === 'planned'
      ? refusal('render.charge-planned', 'a planned charge is no charge', `${scene.focus.path}.status`)
      : undefined;
  },
  segments: [EVENT_EVN('P03'), PATIENT_PID, VISIT_PV1, CHARGE_FT1, NOTICE_NTE],
};
