import { createHash } from 'node:crypto';
import type {
  Appointment,
  Communication,
  Condition,
  MedicationAdministration,
  Observation,
  Patient,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../../mappings/definitions.ts';
import { outboundMaps } from '../../../mappings/outbound/maps.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { foldResource } from '../../../src/mapping/bundle.ts';
import { compileMaps, mapMessage } from '../../../src/mapping/map-message.ts';
import { render } from '../../../src/mapping/outbound/render.ts';
import { SAFETY_REASON } from '../../../src/model/codes.ts';
import { readCase } from '../../golden/outbound-cases.ts';
import { partnerOf } from './network.ts';

const MAPS = compileMaps(DEFINITIONS);
const SAFETY = { documentTypes: ['PN'], reasons: { DISSOC: 'dissociation', ACTIVATION: 'sudden-activation' } };
const PARTNERS = ['general-hospital', 'riverside', 'lakeside'].map((id) => partnerOf(id, { safety: SAFETY }));

/** The case as it was, and what a hub would make of the message if the receiver sent it on unchanged. */
function thereAndBack(name: string) {
  const { event, bundle, endpoint, partner } = readCase(name);
  const receiver = PARTNERS.find(({ id }) => id === partner.id)!;
  const rendered = render(outboundMaps(), event, bundle, endpoint, receiver);
  if ('refused' in rendered) throw new Error(rendered.refused.code);
  const mapped = mapMessage(MAPS, parseMessage(rendered.bytes).message, {
    partner: receiver,
    partners: PARTNERS,
    hubKey: Buffer.alloc(32, 'round'),
    receivedAt: '2026-12-24T00:00:00Z',
    bodyHash: createHash('sha256').update(rendered.bytes).digest('hex'),
    unidentified: 'refuse',
  });
  expect(mapped.refused).toBeUndefined();
  const there = bundle.entry!.map(({ resource }) => resource!);
  return { there: pick(there), back: pick(mapped.resources.map(foldResource)) };
}

function pick(resources: readonly Resource[]) {
  return {
    one: <T extends Resource>(type: T['resourceType']) => resources.find((each) => each.resourceType === type) as T,
    all: <T extends Resource>(type: T['resourceType']) => resources.filter((each) => each.resourceType === type) as T[],
  };
}

const sameInstant = (a: string | undefined, b: string | undefined): void => expect(Date.parse(a!)).toBe(Date.parse(b!));
const codes = (concept: { coding?: { code?: string }[] } | undefined) =>
  (concept?.coding ?? []).map(({ code }) => code);

describe('what goes out and comes back says the same', () => {
  it('a referral: request, reasons, patient, diagnosis, score', () => {
    const { there, back } = thereAndBack('referral/hospital-to-program');
    const [asked, told] = [there.one<ServiceRequest>('ServiceRequest'), back.one<ServiceRequest>('ServiceRequest')];
    expect(told.identifier?.[0]).toMatchObject(asked.identifier![0]!);
    expect(told.reasonCode?.[0]?.text).toBe(asked.reasonCode?.[0]?.text);
    expect(codes(told.code)).toEqual(codes(asked.code));
    expect(told.occurrencePeriod).toMatchObject(asked.occurrencePeriod!);
    sameInstant(told.authoredOn, asked.authoredOn);
    const [known, found] = [there.one<Patient>('Patient'), back.one<Patient>('Patient')];
    expect(found.birthDate).toBe(known.birthDate);
    expect(found.gender).toBe(known.gender);
    expect(found.name?.[0]).toMatchObject({ family: 'Testperson', given: ['Avery', 'Quinn'] });
    expect(found.address?.[0]).toMatchObject({
      city: 'Springfield',
      postalCode: '00001',
      line: ['12 Example Street', 'Apt 4'],
    });
    expect(found.identifier?.map(({ value }) => value)).toEqual(['G-1001']);
    expect(codes(back.one<Condition>('Condition').code)).toEqual(codes(there.one<Condition>('Condition').code));
    expect(back.one<Condition>('Condition').onsetDateTime).toBe('2026-08');
    const score = back.one<Observation>('Observation');
    expect([codes(score.code)[0], score.valueQuantity?.value ?? score.valueInteger]).toEqual(['44261-6', 21]);
    expect(back.one<Task>('Task').status).toBe('requested');
  });

  it('an accepted and a rejected answer: status, reason, keys of the loop', () => {
    const accepted = thereAndBack('referral-answer/accepted').back.one<Task>('Task');
    expect(accepted.status).toBe('accepted');
    expect(accepted.identifier?.map(({ value }) => value).sort()).toEqual(['REF-77', 'RIV-REF-9']);
    const rejected = thereAndBack('referral-answer/rejected').back.one<Task>('Task');
    expect([rejected.status, rejected.statusReason?.text]).toEqual(['rejected', 'No place before January']);
    expect(rejected.note?.[0]?.text).toContain('Hillside IOP');
  });

  it('a safety note: reason, request, time, words', () => {
    const { there, back } = thereAndBack('safety-note/dissociation');
    const [said, heard] = [there.one<Communication>('Communication'), back.one<Communication>('Communication')];
    const reason = heard.reasonCode?.[0]?.coding?.find(({ system }) => system === SAFETY_REASON.system);
    expect(reason?.code).toBe('dissociation');
    sameInstant(heard.sent, said.sent);
    expect(heard.payload?.[0]?.contentString).toContain(said.payload![0]!.contentString!);
    expect(JSON.stringify(heard.extension)).toContain('assess-today');
  });

  it('an appointment: number, times, state, kind, reason', () => {
    for (const name of ['appointment/dose-booked', 'appointment/dose-moved', 'appointment/cancelled']) {
      const { there, back } = thereAndBack(name);
      const [booked, told] = [there.one<Appointment>('Appointment'), back.one<Appointment>('Appointment')];
      sameInstant(told.start, booked.start);
      sameInstant(told.end, booked.end);
      expect(told.status).toBe(booked.status);
      expect(told.minutesDuration).toBe(booked.minutesDuration);
      expect(told.comment).toBe(booked.comment);
      expect(told.reasonCode?.[0]?.text).toBe(booked.reasonCode?.[0]?.text);
      expect(codes(told.appointmentType)).toEqual(expect.arrayContaining(['dose']));
      expect(codes(told.cancelationReason)).toEqual(codes(booked.cancelationReason));
      expect(told.identifier?.find(({ value }) => value === 'LA-500')?.system).toBe(
        'https://lakeside.example/sid/appointment',
      );
    }
  });

  it('a dose session: one administration a device, its amount, lot and state', () => {
    const { there, back } = thereAndBack('relay/ras-o17');
    const summary = (one: MedicationAdministration) => [
      one.status,
      one.dosage?.dose?.value,
      one.dosage?.dose?.code ?? one.dosage?.dose?.unit,
      new Date(one.effectivePeriod?.start ?? one.effectiveDateTime ?? '').toISOString(),
      codes(one.dosage?.route)[0],
    ];
    const told = back.all<MedicationAdministration>('MedicationAdministration').map(summary);
    expect(told.sort()).toEqual(there.all<MedicationAdministration>('MedicationAdministration').map(summary).sort());
    expect(JSON.stringify(back.all<MedicationAdministration>('MedicationAdministration'))).toMatch(
      /LOT-A.*LOT-B|LOT-B.*LOT-A/,
    );
  });

  it('a discharge: visit number, period, class', () => {
    const { back } = thereAndBack('relay/adt-a03');
    const visit = back.one('Encounter') as { period?: { start?: string; end?: string }; class?: { code?: string } };
    sameInstant(visit.period?.end, '2026-11-21T11:30:00-05:00');
    expect(visit.class?.code).toBe('IMP');
  });
});
