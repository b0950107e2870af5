import type { Consent, Patient } from '@medplum/fhirtypes';
import { first, type SegmentMap } from '../../src/mapping/row.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { cwe } from '../datatypes/coded.ts';
import { ei } from '../datatypes/identifier.ts';
import { extension } from '../datatypes/shape.ts';
import { dateTime } from '../datatypes/text.ts';

/** ARV → security labels. The guide has no such map; this is ours. Rule: DOMAIN §B8, DESIGN §7 "labels are sticky". */
export const ARV_LABELS: SegmentMap<Patient> = {
  name: 'ARV[Meta]',
  segment: 'ARV',
  rows: [],
  hand: [
    { from: 'ARV-2', to: 'meta', by: 'D lifts nothing: a person does' },
    { from: 'ARV-3', to: 'meta', by: 'what is restricted' },
    { from: 'ARV-4', to: 'meta', by: 'why: some reasons are labels of their own' },
  ],
  decisions: [{ from: 'ARV-1', not: 'structural', why: 'orders the segments' }],
};

/** CON → Consent. The guide has no such map; this is ours. */
export const CON_CONSENT: SegmentMap<Consent> = {
  name: 'CON[Consent]',
  segment: 'CON',
  rows: [
    {
      from: 'CON-3',
      to: 'extension[CON-3]',
      as: first(extension(hubExtension('consent-form'), 'valueCodeableConcept', cwe)),
    },
    { from: 'CON-4', to: 'identifier[CON-4]', as: first(ei()) },
    {
      from: 'CON-10',
      to: 'extension[CON-10]',
      as: first(extension(hubExtension('consent-mode'), 'valueCodeableConcept', cwe)),
    },
    {
      from: 'CON-12',
      to: 'extension[CON-12]',
      as: first(extension(hubExtension('consent-discussed'), 'valueDateTime', dateTime)),
    },
    { from: 'CON-13', to: 'dateTime', as: first(dateTime) },
  ],
  hand: [
    { from: 'CON-2', to: 'category', by: 'what it is about; it decides the scope' },
    { from: 'CON-5', to: 'sourceAttachment', by: 'the words that were signed' },
    { from: 'CON-11', to: 'status', by: 'a consent to disclose is proposed, never active' },
    { from: 'CON-14', to: 'extension', by: 'start' },
    { from: 'CON-15', to: 'extension', by: 'end' },
    { from: 'CON-24', to: 'performer', by: 'who consented' },
    { from: 'CON-25', to: 'performer', by: 'the patient, where it says so' },
  ],
  decisions: [{ from: 'CON-1', not: 'structural', why: 'orders the segments' }],
};
