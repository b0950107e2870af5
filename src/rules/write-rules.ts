import type { Basic, MedicationRequest } from '@medplum/fhirtypes';
import { codeIn, RECORD } from '../model/codes.ts';
import type { WriteRule } from '../model/write-rule.ts';
import { communicationRule, refusal } from './acknowledge.ts';
import { emergencyFaults } from './break-glass.ts';
import { affiliationsOf, organizationOf } from './facts.ts';
import { taskRule } from './write-task.ts';

const STOPPING = ['on-hold', 'stopped', 'cancelled'];

/** A program cannot record a stop or hold of a dosing series: it asks, the prescriber's organization answers. Rule: R16, H13. */
export const medicationRequestRule: WriteRule = {
  resourceType: 'MedicationRequest',
  needs: (before, after) =>
    [before, after].flatMap((each) => (each as unknown as MedicationRequest | undefined)?.requester?.reference ?? []),
  check({ actor, before, after, facts }) {
    if (actor.kind === 'hub' || actor.kind === 'bot' || actor.kind === 'operator') return undefined;
    const is = after as unknown as MedicationRequest | undefined;
    const was = before as unknown as MedicationRequest | undefined;
    if (is === undefined || !STOPPING.includes(is.status) || was?.status === is.status) return undefined;
    const affiliations = affiliationsOf(facts as unknown as Parameters<typeof affiliationsOf>[0]);
    const prescribing = organizationOf((was ?? is).requester, affiliations);
    return prescribing === undefined || prescribing === actor.organization
      ? undefined
      : refusal(
          'forbidden.not-your-series',
          'a stop or hold is asked of the prescriber and not recorded for him',
          'MedicationRequest.status',
        );
  },
};

/** A medical emergency is declared by a person of the disclosing program, whole, and is never changed afterwards. Rule: 42 CFR 2.51, H6. */
export const emergencyRule: WriteRule = {
  resourceType: 'Basic',
  check({ actor, before, after, role }) {
    const is = after as unknown as Basic | undefined;
    const was = before as unknown as Basic | undefined;
    const kept = was !== undefined && codeIn(RECORD, was.code) === 'emergency-disclosure';
    if (kept) return refusal('forbidden.record-kept', 'the record of an emergency disclosure is not changed', 'Basic');
    if (is === undefined || codeIn(RECORD, is.code) !== 'emergency-disclosure') return undefined;
    if (actor.kind !== 'user' || role === undefined || role.active === false) {
      return refusal(
        'forbidden.not-a-person',
        'an emergency is declared by a named person, never by a system',
        'Basic',
      );
    }
    const author = is.author?.reference;
    if (author !== `PractitionerRole/${actor.practitionerRole}` && author !== `Practitioner/${actor.practitioner}`) {
      return refusal(
        'forbidden.other-person',
        'nobody declares an emergency in the name of somebody else',
        'Basic.author',
      );
    }
    const [fault] = emergencyFaults(is);
    return fault === undefined ? undefined : refusal('invalid.incomplete', 'the law asks for this element', fault);
  },
};

/** Who wrote what and who looked is added to and never changed or taken away, whoever owns the record. Rule: P6, P7, H22. */
const keptRule = (resourceType: 'AuditEvent' | 'Provenance'): WriteRule => ({
  resourceType,
  check({ actor, before }) {
    if (actor.kind === 'hub' || before === undefined) return undefined;
    return refusal('forbidden.record-kept', 'the record of what was done is not changed', resourceType);
  },
});

/** All rules the server asks before a FHIR actor's write. */
export const writeRules: readonly WriteRule[] = [
  communicationRule,
  emergencyRule,
  keptRule('AuditEvent'),
  keptRule('Provenance'),
  medicationRequestRule,
  taskRule,
];
