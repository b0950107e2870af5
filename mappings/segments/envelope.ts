import type { CareTeam, Patient, Provenance } from '@medplum/fhirtypes';
import type { SegmentMap } from '../../src/mapping/row.ts';

const structural = (segment: string, fields: readonly number[], why: string) =>
  fields.map((field) => ({ from: `${segment}-${field}`, not: 'structural' as const, why }));

/** The envelope: who, when and how. Provenance and the journal hold it; nothing of it is clinical. */
export const MSH: SegmentMap = {
  name: 'MSH[Provenance]',
  segment: 'MSH',
  rows: [],
  decisions: structural(
    'MSH',
    Array.from({ length: 25 }, (_, i) => i + 1),
    'the envelope: kept in the journal and the Provenance',
  ),
};

/** The software that sent the message: named in the Provenance of what it says. */
export const SFT: SegmentMap<Provenance> = {
  name: 'SFT[Provenance]',
  segment: 'SFT',
  rows: [],
  hand: [
    { from: 'SFT-1', to: 'agent', by: 'vendor' },
    { from: 'SFT-2', to: 'agent', by: 'version' },
    { from: 'SFT-3', to: 'agent', by: 'product' },
  ],
  decisions: structural('SFT', [4, 5, 6], 'build, description and date of the software: kept in the journal'),
};

export const EVN: SegmentMap = {
  name: 'EVN[Provenance]',
  segment: 'EVN',
  rows: [],
  decisions: structural('EVN', [1, 2, 3, 4, 5, 6, 7], 'the event: its time is the stamp of every assertion'),
};

export const MRG: SegmentMap<Patient> = {
  name: 'MRG[Patient]',
  segment: 'MRG',
  rows: [],
  hand: [
    { from: 'MRG-1', to: 'link', by: 'prior identifier of a merge' },
    { from: 'MRG-4', to: 'link', by: 'prior identifier of a merge, before v2.3' },
  ],
  decisions: [
    {
      from: 'MRG-2',
      not: 'duplicate',
      why: 'a further number of the prior record, which has it from its own messages',
    },
    { from: 'MRG-3', not: 'unsafe', why: 'an account that goes with a merge stays with the record it was opened for' },
    { from: 'MRG-5', not: 'unsafe', why: 'a visit that goes with a merge stays with the record it was opened for' },
    { from: 'MRG-6', not: 'unsafe', why: 'as MRG-5' },
    { from: 'MRG-7', not: 'superseded', why: 'the prior record keeps the name its own messages gave it' },
  ],
};

export const ROL_TEAM: SegmentMap<CareTeam> = {
  name: 'ROL[CareTeam]',
  segment: 'ROL',
  rows: [],
  hand: [
    { from: 'ROL-3', to: 'participant', by: 'role' },
    { from: 'ROL-4', to: 'participant', by: 'member' },
    { from: 'ROL-5', to: 'participant', by: 'period' },
    { from: 'ROL-6', to: 'participant', by: 'period' },
    { from: 'ROL-8', to: 'reasonCode', by: 'why the role is held' },
    { from: 'ROL-9', to: 'participant', by: 'provider type: a further role' },
    { from: 'ROL-12', to: 'telecom', by: 'telephone of the member' },
    { from: 'ROL-14', to: 'participant', by: 'member when there is no person' },
  ],
  decisions: [
    ...structural('ROL', [1, 2], 'set id and action'),
    { from: 'ROL-7', not: 'superseded', why: 'the period has it' },
    { from: 'ROL-10', not: 'out-of-scope', why: 'type of the unit somebody works in' },
  ],
};

export const PRT_TEAM: SegmentMap<CareTeam> = {
  name: 'PRT[CareTeam]',
  segment: 'PRT',
  rows: [],
  hand: [
    { from: 'PRT-4', to: 'participant', by: 'role' },
    { from: 'PRT-5', to: 'participant', by: 'member' },
    { from: 'PRT-8', to: 'participant', by: 'member when there is no person' },
    { from: 'PRT-11', to: 'participant', by: 'period' },
    { from: 'PRT-12', to: 'participant', by: 'period' },
    { from: 'PRT-14', to: 'participant', by: 'address of the member' },
    { from: 'PRT-15', to: 'participant', by: 'telephone of the member' },
  ],
  decisions: [
    ...structural('PRT', [1, 2], 'set id and action'),
    { from: 'PRT-6', not: 'superseded', why: 'the role beside the member says it' },
  ],
};

export const MSA: SegmentMap = {
  name: 'MSA[MessageHeader]',
  segment: 'MSA',
  rows: [],
  decisions: structural('MSA', [1, 2, 3, 4, 5, 6], 'an acknowledgement accepts nothing clinical'),
};
