import type { CareTeam, ServiceRequest } from '@medplum/fhirtypes';
import { every, first, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { coded, ofTable, translated } from '../datatypes/coded.ts';
import { ei } from '../datatypes/identifier.ts';
import { extension } from '../datatypes/shape.ts';
import { dateTime } from '../datatypes/text.ts';
import { REFERRAL_CATEGORY, REFERRAL_DISPOSITION, REFERRAL_PRIORITY, REFERRAL_TYPE } from '../tables/referral.ts';

/** RF1 → ServiceRequest, as its author states it. The guide has no map of REF; this is ours. Rule: DOMAIN §B7, §C1 REF. */
export const RF1_REQUEST = {
  name: 'RF1[ServiceRequest]',
  segment: 'RF1',
  rows: [
    { from: 'RF1-2', to: 'priority', as: first(coded(REFERRAL_PRIORITY)) },
    { from: 'RF1-3', to: 'code', as: first(translated(REFERRAL_TYPE)) },
    {
      from: 'RF1-4',
      to: 'extension',
      as: every(
        extension(hubExtension('referral-disposition'), 'valueCodeableConcept', translated(REFERRAL_DISPOSITION)),
      ),
    },
    { from: 'RF1-5', to: 'category[RF1-5]', as: first(translated(REFERRAL_CATEGORY)) },
    { from: 'RF1-7', to: 'occurrencePeriod.start', as: first(dateTime) },
    { from: 'RF1-8', to: 'occurrencePeriod.end', as: first(dateTime) },
    { from: 'RF1-9', to: 'authoredOn', as: first(dateTime) },
    { from: 'RF1-10', to: 'reasonCode', as: every(ofTable('0336')) },
    { from: 'RF1-11', to: 'identifier[RF1-11]', as: first(ei('FILL')) },
  ],
  hand: [
    { from: 'RF1-1', to: 'status', by: 'of an answer: Task.status' },
    { from: 'RF1-6', to: 'identifier[RF1-6]', by: 'loop key' },
  ],
} as const satisfies SegmentMap<ServiceRequest>;

/** PRD → requester, performer and CareTeam. Rule: DOMAIN §C1 REF. */
export const PRD_PARTY: SegmentMap<CareTeam> = {
  name: 'PRD[CareTeam]',
  segment: 'PRD',
  rows: [],
  hand: [
    { from: 'PRD-1', to: 'participant', by: 'role' },
    { from: 'PRD-2', to: 'participant', by: 'Practitioner' },
    { from: 'PRD-3', to: 'participant', by: 'Practitioner.address' },
    { from: 'PRD-5', to: 'participant', by: 'Practitioner.telecom' },
    { from: 'PRD-7', to: 'participant', by: 'Practitioner.identifier' },
    { from: 'PRD-10', to: 'participant', by: 'Organization' },
  ],
};

/** AUT → what the payer authorized, beside the request. Rule: R45. */
export const AUT_REQUEST: SegmentMap<ServiceRequest> = {
  name: 'AUT[ServiceRequest]',
  segment: 'AUT',
  rows: [],
  hand: [
    { from: 'AUT-1', to: 'extension', by: 'payer plan' },
    { from: 'AUT-2', to: 'extension', by: 'payer company' },
    { from: 'AUT-3', to: 'extension', by: 'payer company name' },
    { from: 'AUT-4', to: 'extension', by: 'effective date' },
    { from: 'AUT-5', to: 'extension', by: 'expiry date' },
    { from: 'AUT-6', to: 'extension', by: 'authorization number' },
    { from: 'AUT-8', to: 'extension', by: 'requested treatments' },
    { from: 'AUT-9', to: 'extension', by: 'authorized treatments' },
  ],
};

/** CTD → whom to ask, beside the request; of an answer, beside its Task. Rule: HL7 v2.5.1 §11.6.4. */
export const CTD_CONTACT: SegmentMap<ServiceRequest> = {
  name: 'CTD[ServiceRequest]',
  segment: 'CTD',
  rows: [],
  hand: [
    { from: 'CTD-1', to: 'extension', by: 'role of the contact' },
    { from: 'CTD-2', to: 'extension', by: 'name' },
    { from: 'CTD-3', to: 'extension', by: 'address' },
    { from: 'CTD-5', to: 'extension', by: 'telephone' },
  ],
};
