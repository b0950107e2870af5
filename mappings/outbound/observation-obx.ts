import type { CodeableConcept, Observation, ObservationComponent, Quantity } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
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
import { dtm, ei, tx } from '../../src/mapping/outbound/writers.ts';
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

/** `120-129`, `<5`, or the words. */
function range(subject: Subject): FieldValue | undefined {
  const [found] = (held(subject).value as Observation).referenceRange ?? [];
  const { low, high, text } = found ?? {};
  if (low?.value !== undefined && high?.value !== undefined) return [[`${low.value}-${high.value}`]];
  if (low?.value !== undefined) return [[`>=${low.value}`]];
  if (high?.value !== undefined) return [[`<=${high.value}`]];
  return text === undefined ? undefined : [[text]];
}

const interpretation: Writer = {
  type: 'IS',
  uses: ['*'],
  write: ({ value }) => {
    const code = (value as CodeableConcept).coding?.[0]?.code;
    return code === undefined ? undefined : [code];
  },
};

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
  { to: 'OBX-4', give: ({ sub }) => (sub === undefined ? undefined : [[`${sub.value}`]]) },
  { to: 'OBX-5', give: valueFields },
  { to: 'OBX-6', give: unit, type: 'CWE' },
  { to: 'OBX-7', give: range, carries: ['Observation.referenceRange'] },
  { to: 'OBX-8', from: 'component.interpretation', as: every(interpretation) },
  { to: 'OBX-8', give: ({ component, Observation: one }, writing) => flags(component, one as Entry, writing) },
  { to: 'OBX-11', from: 'Observation.status', as: first(tabled(RESULT_STATUS)) },
  { to: 'OBX-14', from: 'Observation.effectiveDateTime', as: first(dtm) },
  { to: 'OBX-14', from: 'Observation.effectiveInstant', as: first(dtm) },
  { to: 'OBX-14', from: 'Observation.effectivePeriod.start', as: first(dtm) },
  { to: 'OBX-16', from: 'Observation.performer', as: first(xcn) },
  { to: 'OBX-17', from: 'Observation.method', as: first(cwe()) },
  { to: 'OBX-19', from: 'Observation.issued', as: first(dtm) },
  { to: 'OBX-21', give: observationNumber, type: 'EI' },
];

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
