import type { Coverage, Identifier, Reference } from '@medplum/fhirtypes';
import { cwe, tabledConcept } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { every, type FieldValue, first, type SegmentPlan, type Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { cx, dt, st, xad, xpn } from '../../src/mapping/outbound/writers.ts';
import { COVERAGE_RELATIONSHIP } from './tables.ts';

function payorOf({ Coverage: entry }: Subject): Reference | undefined {
  return ((entry?.value ?? {}) as Coverage).payor?.[0];
}

function payerName(subject: Subject, writing: Writing): FieldValue | undefined {
  const payor = payorOf(subject);
  const target = writing.scene.at(payor);
  const name = element(target, 'name') ?? payor?.display;
  if (typeof name !== 'string') return undefined;
  writing.carried(`${subject.Coverage?.path}.payor[0]`);
  if (target !== undefined) writing.carried(`${target.path}.name`);
  return [[name]];
}

function payerNumber(subject: Subject, writing: Writing): FieldValue | undefined {
  const payor = payorOf(subject);
  const target = writing.scene.at(payor);
  const [number] = (element(target, 'identifier') ?? []) as Identifier[];
  const found = number ?? payor?.identifier;
  const place =
    number === undefined ? `${subject.Coverage?.path}.payor[0].identifier` : `${target?.path}.identifier[0]`;
  const written = found === undefined ? undefined : cx.write({ value: found, path: place }, writing);
  if (written === undefined) return undefined;
  writing.carried(place);
  return [written];
}

/** The group number of the plan. */
function group(subject: Subject, writing: Writing): FieldValue | undefined {
  const list = ((subject.Coverage?.value ?? {}) as Coverage).class ?? [];
  const index = list.findIndex(({ type }) => type.coding?.some(({ code }) => code === 'group'));
  const value = list[index]?.value;
  if (value === undefined) return undefined;
  writing.carried(`${subject.Coverage?.path}.class[${index}]`);
  return [[value]];
}

function groupName(subject: Subject, writing: Writing): FieldValue | undefined {
  const list = ((subject.Coverage?.value ?? {}) as Coverage).class ?? [];
  const index = list.findIndex(({ type }) => type.coding?.some(({ code }) => code === 'group'));
  const name = list[index]?.name;
  if (name === undefined) return undefined;
  writing.carried(`${subject.Coverage?.path}.class[${index}]`);
  return [[name]];
}

function payerAddress(subject: Subject, writing: Writing): FieldValue | undefined {
  const [address] = read({ Organization: writing.scene.at(payorOf(subject)) }, 'Organization.address');
  const written = address === undefined ? undefined : xad.write(address, writing);
  if (address === undefined || written === undefined) return undefined;
  writing.carried(address.path);
  return [written];
}

const isActive = (scene: Scene): readonly Entry[] =>
  scene.all('Coverage').filter(({ value }) => (value as Coverage).status === 'active');

/** Coverage → IN1. A plan or payer that is not known by number or name gives no segment. Rule: DOMAIN C1 REF. */
export const COVERAGE_IN1: SegmentPlan = {
  segment: 'IN1',
  worth: 'IN1-4',
  each: (scene) =>
    isActive(scene).map((Coverage) => ({ Coverage, Subscriber: scene.at(element(Coverage, 'subscriber')) })),
  rows: [
    { to: 'IN1-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'IN1-2', from: 'Coverage.identifier.value', as: first(st) },
    { to: 'IN1-3', give: payerNumber, type: 'CX' },
    { to: 'IN1-4', give: payerName, type: 'XON' },
    { to: 'IN1-5', give: payerAddress, type: 'XAD' },
    { to: 'IN1-8', give: group },
    { to: 'IN1-9', give: groupName, type: 'XON' },
    { to: 'IN1-12', from: 'Coverage.period.start', as: first(dt) },
    { to: 'IN1-13', from: 'Coverage.period.end', as: first(dt) },
    { to: 'IN1-16', from: 'Subscriber.name', as: every(xpn) },
    { to: 'IN1-18', from: 'Subscriber.birthDate', as: first(dt) },
    { to: 'IN1-19', from: 'Subscriber.address', as: every(xad) },
    { to: 'IN1-15', from: 'Coverage.type', as: first(cwe('0086')) },
    { to: 'IN1-17', from: 'Coverage.relationship', as: first(tabledConcept(COVERAGE_RELATIONSHIP, 'CWE')) },
    { to: 'IN1-36', from: 'Coverage.subscriberId', as: first(st) },
  ],
  also: ['Coverage.beneficiary', 'Coverage.status', 'Coverage.subscriber'],
};
