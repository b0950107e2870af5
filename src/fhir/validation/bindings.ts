import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import type { CodeSet, Definitions } from '../definitions.ts';
import { type Check, report } from './check.ts';

const MIME_TYPES = 'http://hl7.org/fhir/ValueSet/mimetypes';
const MIME_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;.*)?$|^(?:xml|json|ttl|fhir\+\w+)$/;

/** False when a value is certainly not in the value set. Whether a code of a system that is not held here exists is not told. */
export type BindingTest = (value: unknown) => boolean;

/** The test of a required binding for a value of a FHIR type; `undefined` when nothing can be said offline. */
export function bindingTest(definitions: Definitions, valueSet: string, fhirType: string): BindingTest | undefined {
  if (valueSet === MIME_TYPES) return (value) => typeof value === 'string' && MIME_TYPE.test(value);
  const codes = definitions.codeSet(valueSet);
  if (codes === undefined) return undefined;
  switch (fhirType) {
    case 'Coding':
      return (value) => hasCoding(codes, value as Coding);
    case 'CodeableConcept':
      return conceptTest(codes);
    case 'code':
    case 'string':
    case 'uri':
    case 'canonical':
      return plainTest(codes);
    default:
      return undefined;
  }
}

function plainTest(codes: CodeSet): BindingTest | undefined {
  if (codes.open !== undefined) return undefined;
  const all = new Set(Object.values(codes.systems).flat());
  return (value) => typeof value === 'string' && all.has(value);
}

function conceptTest(codes: CodeSet): BindingTest {
  return (value) => {
    const codings = (value as CodeableConcept).coding ?? [];
    return Array.isArray(codings) && codings.some((coding) => hasCoding(codes, coding));
  };
}

function hasCoding(codes: CodeSet, coding: Coding): boolean {
  if (coding.code === undefined) return false;
  if (coding.system !== undefined && codes.systems[coding.system]?.includes(coding.code)) return true;
  return codes.open !== undefined && (coding.system === undefined || !(coding.system in codes.systems));
}

export function reportBinding(check: Check, valueSet: string): void {
  report(check, 'code-invalid', 'binding', `the code is not in the required value set ${valueSet}`);
}
