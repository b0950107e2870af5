import type { CodeableConcept, Observation, ObservationComponent, Quantity, Reference } from '@medplum/fhirtypes';
import { cwe, isOfTable, tableCode, tabled } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { isOrganization, partyAt, xcn, xon } from '../../src/mapping/outbound/people.ts';
import {
  every,
  type FieldValue,
  first,
  type OutRow,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import type { Entry, Scene } from '../../src/mapping/outbound/scene.ts';
import { atLeast } from '../../src/mapping/outbound/version.ts';
import { dtm, ei, trimmed, tx, xad } from '../../src/mapping/outbound/writers.ts';
import { isMedicalDirector } from '../tables/performer.ts';
import { RESULT_STATUS } from './tables.ts';

/** A value as OBX-2 and OBX-5. Undefined: this kind of value has no v2 data type here and is listed as left out. */
interface Value {
  readonly type: string;
  readonly fields: FieldValue;
  readonly name: string;
}

/** value[x] of an observation or of one of its components. */
function measured(found: Found, writing: Writing): Value | undefined {
  const one = found.value as Observation & ObservationComponent;
  const coded = atLeast(writing.endpoint.version, '2.6') ? 'CWE' : 'CE';
  const time = atLeast(writing.endpoint.version, '2.6') ? 'DTM' : 'TS';
  const written = (name: string, type: string, writer: Writer): Value | undefined => {
    const value = writer.write(
      { value: (one as unknown as Record<string, unknown>)[name], path: `${found.path}.${name}` },
      writing,
    );
    return value === undefined ? undefined : { type, fields: [value], name };
  };
  if (one.valueQuantity?.value !== undefined) return quantity(one.valueQuantity);
  if (one.valueInteger !== undefined) return { type: 'NM', fields: [[`${one.valueInteger}`]], name: 'valueInteger' };
  if (one.valueString !== undefined)
    return { type: 'TX', fields: one.valueString.split('\n').map((line) => [line]), name: 'valueString' };
  if (one.valueBoolean !== undefined)
    return { type: 'ST', fields: [[one.valueBoolean ? 'Y' : 'N']], name: 'valueBoolean' };
  if (one.valueCodeableConcept !== undefined) return written('valueCodeableConcept', coded, cwe());
  if (one.valueDateTime !== undefined) return written('valueDateTime', time, dtm);
  return undefined;
}

/** With a comparator the number alone would say something else: it becomes a structured numeric. */
function quantity({ value, comparator }: Quantity): Value {
  return comparator === undefined
    ? { type: 'NM', fields: [[`${value}`]], name: 'valueQuantity' }
    : { type: 'SN', fields: [[comparator, `${value}`]], name: 'valueQuantity' };
}

const held = (subject: Subject): Found => (subject.component ?? subject.Observation) as Found;

function valueFields(subject: Subject, writing: Writing): FieldValue | undefined {
  const value = measured(held(subject), writing);
  if (value !== undefined) writing.carried(`${held(subject).path}.${value.name}`);
  return value?.fields;
}

function unit(subject: Subject, writing: Writing): FieldValue | undefined {
  const quantity = (held(subject).value as Observation).valueQuantity;
  if (quantity?.code === undefined && quantity?.unit === undefined) return undefined;
  const { code, unit: text = '', system } = quantity;
  const path = `${held(subject).path}.valueQuantity`;
  const coding = { ...(code !== undefined && { code }), ...(system !== undefined && { system }) };
  const repetition = cwe().write({ value: { coding: [{ ...coding, display: text }] }, path }, writing);
  return repetition === undefined ? undefined : [code === undefined ? [text] : repetition];
}

/** The words of the source, else `120-129` or `<=5`. */
function range(subject: Subject): FieldValue | undefined {
  const [found] = (held(subject).value as Observation).referenceRange ?? [];
  const { low, high, text } = found ?? {};
  if (text !== undefined) return [[text]];
  if (low?.value !== undefined && high?.value !== undefined) return [[`${low.value}-${high.value}`]];
  if (low?.value !== undefined) return [[`>=${low.value}`]];
  if (high?.value !== undefined) return [[`<=${high.value}`]];
  return undefined;
}

/** The v2 code where there is one beside the FHIR code. */
const interpretation: Writer = {
  type: 'IS',
  uses: ['*'],
  write: ({ value }) => {
    const { coding = [] } = value as CodeableConcept;
    const code = (coding.find(({ system }) => system?.endsWith('/v2-0078')) ?? coding[0])?.code;
    return code === undefined ? undefined : [code];
  },
};

const SUB_ID = 'http://hl7.org/fhir/StructureDefinition/observation-v2-subid';

/** Persons who observed: neither the laboratory nor who answers for it. */
const isObserver = (value: unknown): boolean => !isOrganization(value) && !isMedicalDirector(value);

const codeOf: OutRow['to'] = 'OBX-3';

export const OBX_ROWS: readonly OutRow[] = [
  { to: 'OBX-1', give: (_, { index }) => [[`${index}`]] },
  { to: 'OBX-2', give: (subject, writing) => typeField(measured(held(subject), writing)) },
  { to: codeOf, from: 'component.code', as: first(cwe()) },
  {
    to: codeOf,
    give: (subject, writing) => {
      if (subject.component !== undefined) return undefined;
      const [code] = read(subject, 'Observation.code');
      const repetition = code === undefined ? undefined : cwe().write(code, writing);
      return repetition === undefined ? undefined : [repetition];
    },
    type: 'CWE',
    carries: ['Observation.code'],
  },
  { to: 'OBX-4', give: subId, carries: ['Observation.extension'] },
  { to: 'OBX-5', give: valueFields },
  { to: 'OBX-6', give: unit, type: 'CWE' },
  { to: 'OBX-7', give: range, carries: ['Observation.referenceRange'] },
  { to: 'OBX-8', from: 'component.interpretation', as: every(interpretation) },
  { to: 'OBX-8', give: ({ component, Observation: one }, writing) => flags(component, one as Entry, writing) },
  { to: 'OBX-11', from: 'Observation.status', as: first(tabled(RESULT_STATUS)) },
  { to: 'OBX-14', from: 'Observation.effectiveDateTime', as: first(dtm) },
  { to: 'OBX-14', from: 'Observation.effectiveInstant', as: first(dtm) },
  { to: 'OBX-14', from: 'Observation.effectivePeriod.start', as: first(dtm) },
  { to: 'OBX-15', give: producer, type: 'CWE', until: '2.5.1' },
  { to: 'OBX-16', from: 'Observation.performer', only: isObserver, as: every(xcn) },
  { to: 'OBX-17', from: 'Observation.method', as: first(cwe()) },
  { to: 'OBX-19', from: 'Observation.issued', as: first(dtm) },
  { to: 'OBX-20', from: 'Observation.bodySite', as: first(cwe()) },
  { to: 'OBX-21', give: observationNumber, type: 'EI' },
  { to: 'OBX-23', from: 'Observation.performer', only: isOrganization, as: first(xon), since: '2.5.1' },
  { to: 'OBX-24', give: placeOfProducer, type: 'XAD', since: '2.5.1' },
  { to: 'OBX-25', from: 'Observation.performer', only: isMedicalDirector, as: first(xcn), since: '2.5.1' },
  { to: 'OBX-29', from: 'Observation.category', only: isOfTable('0936'), as: first(tableCode('0936')), since: '2.8' },
];

/** Of a component its number within the observation; else the sub-id its source gave. */
function subId({ sub, Observation: entry }: Subject): FieldValue | undefined {
  if (sub !== undefined) return [[`${sub.value}`]];
  const extension = ((entry?.value ?? {}) as Observation).extension?.find(({ url }) => url === SUB_ID);
  const original = extension?.extension?.find(({ url }) => url === 'original-sub-identifier')?.valueString;
  return original === undefined ? undefined : [[original]];
}

const producerOf = ({ Observation: entry }: Subject): Reference | undefined =>
  ((entry?.value ?? {}) as Observation).performer?.find(isOrganization);

/** Before 2.5.1 the laboratory stands as a code. */
function producer(subject: Subject, writing: Writing): FieldValue | undefined {
  const reference = producerOf(subject);
  const written = reference === undefined ? undefined : xon.write({ value: reference, path: '' }, writing);
  if (written === undefined) return undefined;
  const [name = '', , , , , , , , , number = ''] = written;
  return [trimmed([number, name])];
}

function placeOfProducer(subject: Subject, writing: Writing): FieldValue | undefined {
  const { Organization: entry } = partyAt(writing.scene, producerOf(subject));
  const [address] = read({ Organization: entry }, 'Organization.address');
  const written = address === undefined ? undefined : xad.write(address, writing);
  if (address === undefined || written === undefined) return undefined;
  writing.carried(address.path);
  return [written];
}

/** Of the panel itself the number stands in OBR-3. */
function observationNumber(subject: Subject, writing: Writing): FieldValue | undefined {
  const [found] = read(subject, 'Observation.identifier');
  if (found === undefined || subject.Observation?.path === writing.scene.focus.path) return undefined;
  const written = ei.write(found, writing);
  if (written === undefined) return undefined;
  writing.carried(found.path);
  return [written];
}

const typeField = (value: Value | undefined): FieldValue | undefined =>
  value === undefined ? undefined : [[value.type]];

function flags(component: Found | undefined, observation: Entry, writing: Writing): FieldValue | undefined {
  if (component !== undefined) return undefined;
  const found = read({ Observation: observation }, 'Observation.interpretation');
  for (const one of found) writing.carried(one.path);
  const value = found.map((one) => interpretation.write(one, writing)).filter((one) => one !== undefined);
  return value.length === 0 ? undefined : value;
}

/** One OBX for the observation's own value and one for each component, tied by OBX-4. */
export function observed(entry: Entry): readonly Subject[] {
  const { component = [], ...own } = entry.value as Observation;
  const hasValue = Object.keys(own).some((name) => name.startsWith('value'));
  const parts = component.map((value, index) => ({
    Observation: entry,
    component: { value, path: `${entry.path}.component[${index}]` },
    sub: { value: index + 1, path: entry.path },
  }));
  return hasValue || parts.length === 0 ? [{ Observation: entry }, ...parts] : parts;
}

/** Remarks, after the last OBX of the observation. */
export const RESULT_NOTE: SegmentPlan = {
  segment: 'NTE',
  each: (_, { Observation: entry, component }) =>
    component !== undefined && component.value !== ((entry?.value ?? {}) as Observation).component?.at(-1)
      ? []
      : (((entry?.value ?? {}) as Observation).note ?? []).map(({ text }, index) => ({
          note: { value: text, path: `${entry?.path}.note[${index}].text` },
        })),
  rows: [
    { to: 'NTE-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'NTE-3', from: 'note', as: first({ ...tx, type: 'FT' }) },
  ],
};

/** A result without a status a receiver can read is not told: it could be taken for final. */
export const OBSERVATION_OBX: SegmentPlan = {
  segment: 'OBX',
  worth: 'OBX-11',
  each: (scene: Scene) => scene.all('Observation').flatMap(observed),
  rows: OBX_ROWS,
  also: ['Observation.subject', 'Observation.encounter', 'Observation.basedOn', 'Observation.category'],
  followedBy: [RESULT_NOTE],
};
