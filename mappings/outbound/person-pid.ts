import type { Address, Extension } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import {
  every,
  type FieldValue,
  type OutRow,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { st } from '../../src/mapping/outbound/writers.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { relayedCx } from './relay.ts';

const CORE = 'http://hl7.org/fhir/StructureDefinition/patient-';

type ValueName = 'valueAddress' | 'valueCodeableConcept' | 'valueString';

/** An extension of the patient that has a field of its own; `part`: the value stands in that part of it. */
const extended = (to: string, url: string, element: ValueName, as: Writer, part?: string): OutRow => ({
  to,
  from: 'Patient.extension',
  only: (value) => (value as Extension).url === url,
  as: every({
    ...as,
    uses: ['*'],
    write({ value, path }, writing) {
      const whole = value as Extension;
      const holder = part === undefined ? whole : whole.extension?.find((one) => one.url === part);
      return as.write({ value: holder?.[element], path: `${path}.${element}` }, writing);
    },
  }),
});

/** A place by its words. */
const words: Writer = {
  ...st,
  write: ({ value, path }, writing) =>
    st.write({ value: (value as Address | undefined)?.text, path: `${path}.text` }, writing),
};

/** The account of the event, where one was released with it. */
function accountNumber(_: Subject, writing: Writing): FieldValue | undefined {
  const [account] = writing.scene.all('Account');
  const [found] = read({ Account: account }, 'Account.identifier');
  const written = found === undefined ? undefined : relayedCx.write(found, writing);
  if (found === undefined || written === undefined) return undefined;
  for (const name of ['subject', 'status']) writing.carried(`${account?.path}.${name}`);
  writing.carried(found.path);
  return [written];
}

/**
 * PID with what only a registration needs to say of a person. Notes, appointments and referrals go without: to find the patient and to
 * treat it nobody needs its religion or its citizenship. Rule: minimum necessary (H4).
 */
export const PERSON_PID: SegmentPlan = {
  ...PATIENT_PID,
  rows: [
    ...PATIENT_PID.rows,
    extended('PID-6', `${CORE}mothersMaidenName`, 'valueString', { ...st, type: 'XPN' }),
    extended('PID-17', `${CORE}religion`, 'valueCodeableConcept', cwe('0006')),
    extended('PID-23', `${CORE}birthPlace`, 'valueAddress', words),
    extended('PID-26', `${CORE}citizenship`, 'valueCodeableConcept', cwe('0171'), 'code'),
    extended('PID-27', hubExtension('military-status'), 'valueCodeableConcept', cwe('0172')),
    extended('PID-28', `${CORE}nationality`, 'valueCodeableConcept', cwe('0212'), 'code'),
    { to: 'PID-18', give: accountNumber, type: 'CX' },
  ],
};
