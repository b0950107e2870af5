import { createHash } from 'node:crypto';
import type {
  Account,
  Appointment,
  CareTeam,
  Communication,
  Condition,
  Coverage,
  DiagnosticReport,
  DocumentReference,
  Encounter,
  MedicationAdministration,
  Observation,
  Patient,
  Procedure,
  RelatedPerson,
  Resource,
  ServiceRequest,
  Specimen,
  Task,
} from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../../mappings/definitions.ts';
import { outboundMaps } from '../../../mappings/outbound/maps.ts';
import { isMedicalDirector } from '../../../mappings/tables/performer.ts';
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

  it('a modified referral: the same loop, what the payer authorized', () => {
    const { there, back } = thereAndBack('referral-modify/authorization-came');
    const plain = thereAndBack('referral/hospital-to-program').back.one<ServiceRequest>('ServiceRequest');
    const told = back.one<ServiceRequest>('ServiceRequest');
    expect(told.id).toBe(plain.id);
    const parts = (one: ServiceRequest) => {
      const found = one.extension?.find(({ url }) => url.endsWith('/authorization'))?.extension ?? [];
      return found.map(({ url, valueString }) => [url, valueString]).filter(([, value]) => value !== undefined);
    };
    expect(parts(told)).toEqual(parts(there.one<ServiceRequest>('ServiceRequest')));
    const full = thereAndBack('referral/authorized');
    const numbers = (one: ServiceRequest) =>
      one.extension?.flatMap(({ extension = [] }) => extension.flatMap(({ valueDecimal }) => valueDecimal ?? []));
    expect(numbers(full.back.one('ServiceRequest'))).toEqual([20, 15]);
  });

  it('news of a referral: its state is that of the answer before it, and the words say what is new', () => {
    const news = thereAndBack('referral-answer/visit-scheduled').back.one<Task>('Task');
    expect([news.status, news.note?.[0]?.text]).toEqual(['accepted', 'Status: Visit scheduled']);
    expect(thereAndBack('referral-answer/modification-accepted').back.one<Task>('Task').status).toBe('accepted');
  });

  it('a question what became of a referral: nothing of it is new', () => {
    const { back } = thereAndBack('referral-status/nobody-answered');
    const asked = thereAndBack('referral/hospital-to-program').back;
    expect(back.one<Task>('Task').id).toBe(asked.one<Task>('Task').id);
    expect(back.one<ServiceRequest>('ServiceRequest').status).toBe('active');
  });

  it('a visit taken back, one that goes on, and a person without a visit', () => {
    const visits = ['adt-a01', 'adt-a11', 'adt-a13'].map(
      (name) => thereAndBack(`relay/${name}`).back.one('Encounter') as { id: string; status: string },
    );
    expect(visits.map(({ status }) => status)).toEqual(['in-progress', 'cancelled', 'in-progress']);
    expect(new Set(visits.map(({ id }) => id)).size).toBe(1);
    const person = thereAndBack('relay/adt-a08-person').back;
    expect(person.one<Patient>('Patient').birthDate).toBe('1991-04-02');
    expect(person.one('Encounter')).toBeUndefined();
  });

  it('an admission with all around it: relative, team, procedure, guarantor, insurance, places', () => {
    const { back } = thereAndBack('relay/adt-a01-around');
    const named = (type: 'RelatedPerson') => back.all<RelatedPerson>(type).map(({ name }) => name?.[0]?.given?.[0]);
    expect(named('RelatedPerson').sort()).toEqual(['Blake', 'Dana']);
    expect(back.one<Account>('Account').guarantor).toHaveLength(1);
    expect(codes(back.one<Procedure>('Procedure').code)).toContain('23835007');
    expect(back.one<Coverage>('Coverage').subscriberId).toBe('EMP-1');
    const [member] = back.one<CareTeam>('CareTeam').participant ?? [];
    expect([codes(member?.role?.[0])[0], member?.member?.display]).toEqual(['PP', 'Morgan Harborsample']);
    const visit = back.one<Encounter>('Encounter');
    expect(visit.location?.map(({ location, status }) => [location.display, status])).toEqual([
      ['PSY 301 B', 'active'],
      ['PSY', 'completed'],
    ]);
    expect([codes(visit.priority), visit.reasonCode?.[0]?.text]).toEqual([['UR', '2'], 'Step-up after crisis']);
    expect(back.one<Patient>('Patient').generalPractitioner?.[0]?.display).toBe('Morgan Harborsample MD');
  });

  it('an addendum: its number, its words, and which document it adds to', () => {
    const { there, back } = thereAndBack('relay/document-addendum');
    const [said, told] = [
      there.all<DocumentReference>('DocumentReference')[0]!,
      back.one<DocumentReference>('DocumentReference'),
    ];
    expect(told.masterIdentifier?.value).toBe('RD-2');
    expect(told.content[0]?.attachment.data).toBe(said.content[0]?.attachment.data);
    expect([told.docStatus, told.relatesTo?.[0]?.code]).toEqual(['final', 'appends']);
    expect(codes(told.type)).toEqual(['PN']);
  });

  it('two reports of one order: each with its results, its order and the laboratory', () => {
    const { back } = thereAndBack('relay/oru-order');
    const reports = back.all<DiagnosticReport>('DiagnosticReport');
    expect(reports.map(({ code, result }) => [codes(code)[0], result?.length]).sort()).toEqual([
      ['24362-6', 1],
      ['3016-3', 1],
    ]);
    expect(back.one<ServiceRequest>('ServiceRequest').identifier?.[0]?.value).toBe('LO-9');
    const performers = back.one<Observation>('Observation').performer ?? [];
    expect(performers.map(({ display }) => display)).toEqual(['Lakeside Laboratory', 'Dr. Sam Labsample']);
    expect(performers.map(isMedicalDirector)).toEqual([false, true]);
    expect(codes(back.one<Specimen>('Specimen').type)[0]).toBe('BLD');
  });

  it('each act of an appointment: the state it leads to', () => {
    const ends = ['dose-longer', 'discontinued', 'deleted', 'noshow'].map(
      (name) => thereAndBack(`appointment/${name}`).back.one<Appointment>('Appointment').status,
    );
    expect(ends).toEqual(['booked', 'cancelled', 'entered-in-error', 'noshow']);
    expect(thereAndBack('appointment/dose-longer').back.one<Appointment>('Appointment').minutesDuration).toBe(180);
  });

  it('a problem added, changed, taken away', () => {
    const states = ['ppr-pc1', 'ppr-pc2', 'ppr-pc3'].map((name) => {
      const { back } = thereAndBack(`relay/${name}`);
      return [back.one<Condition>('Condition').verificationStatus?.coding?.[0]?.code, back.all('Goal').length];
    });
    expect(states).toEqual([
      ['confirmed', 1],
      ['confirmed', 1],
      ['entered-in-error', 0],
    ]);
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
