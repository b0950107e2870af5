import type { Appointment, Bundle, Encounter, Patient, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { outboundMaps } from '../../../mappings/outbound/maps.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import type { OutboundEvent } from '../../../src/mapping/outbound/event.ts';
import { render } from '../../../src/mapping/outbound/render.ts';
import { OUTBOUND_VERSIONS } from '../../../src/mapping/outbound/version.ts';
import type { Endpoint, Partner } from '../../../src/model/partner.ts';
import { outboundCases, readCase } from '../../golden/outbound-cases.ts';
import { endpointOf, partnerOf } from './network.ts';
import { bundleOf, eventOf, note, patient } from './resources.ts';

function rendering(
  event: OutboundEvent,
  bundle: Bundle,
  endpoint: Partial<Endpoint> = {},
  partner: Partial<Partner> = {},
) {
  return render(outboundMaps(), event, bundle, endpointOf('riverside', endpoint), partnerOf('riverside', partner));
}

function message(...args: Parameters<typeof rendering>) {
  const rendered = rendering(...args);
  if ('refused' in rendered) throw new Error(rendered.refused.code);
  return {
    ...rendered,
    message: parseMessage(rendered.bytes).message,
    text: Buffer.from(rendered.bytes).toString('utf8'),
  };
}

function refusedWith(...args: Parameters<typeof rendering>): string | undefined {
  const rendered = rendering(...args);
  return 'refused' in rendered ? rendered.refused.code : undefined;
}

const visit = (parts: Partial<Encounter> = {}): Encounter => ({
  resourceType: 'Encounter',
  id: 'e1',
  status: 'in-progress',
  class: { code: 'IMP' },
  identifier: [{ system: 'https://general-hospital.example/sid/visit', value: 'V-1' }],
  subject: { reference: 'Patient/p1' },
  period: { start: '2026-11-20T10:00:00Z' },
  ...parts,
});

const relayed = (trigger: string) => ({
  relayOf: { trigger, organization: 'general-hospital', authorities: ['https://general-hospital.example/sid/visit'] },
});

const appointment = (parts: Partial<Appointment> = {}): Appointment => ({
  resourceType: 'Appointment',
  id: 'a1',
  status: 'booked',
  start: '2026-11-30T15:00:00Z',
  end: '2026-11-30T16:00:00Z',
  participant: [{ actor: { reference: 'Patient/p1' }, status: 'accepted' }],
  ...parts,
});

describe('who and what a message may tell', () => {
  it('a social security number never leaves, and that is said', () => {
    const ssn = { system: 'http://hl7.org/fhir/sid/us-ssn', value: '000-00-0000' };
    const told = message(
      eventOf('safety-note'),
      bundleOf(note(), patient({ identifier: [ssn, ...patient().identifier!] })),
    );
    expect(told.text).not.toContain('000-00-0000');
    expect(told.issues.map(({ code }) => code)).toContain('render.ssn-withheld');
  });

  it('a patient without an identifier that may be carried is refused', () => {
    const { identifier: _identifier, ...nameOnly } = patient();
    expect(refusedWith(eventOf('safety-note'), bundleOf(note(), nameOnly as Patient))).toBe('render.field-missing');
    expect(refusedWith(eventOf('safety-note'), bundleOf(note()))).toBe('render.segment-missing');
  });

  it('a redacted name becomes an unspecified one and an issue, never an invented one', () => {
    const { name: _name, ...unnamed } = patient();
    const told = message(eventOf('safety-note'), bundleOf(note(), unnamed as Patient));
    expect(told.message.segment('PID')?.get(5, 1, 7)).toBe('U');
    expect(told.issues.map(({ code }) => code)).toContain('render.name-absent');
  });

  it('an appointment of several patients is refused (H5)', () => {
    const roster = appointment({
      participant: [
        { actor: { reference: 'Patient/p1' }, status: 'accepted' },
        { actor: { reference: 'Patient/p2' }, status: 'accepted' },
      ],
    });
    expect(refusedWith(eventOf('appointment'), bundleOf(roster, patient()))).toBe('render.group-roster');
  });

  it('a shared session number goes to the owner of the roster only (H5)', () => {
    const owner = message(...caseOf('appointment/group-owner'));
    expect(owner.text).toContain('session-8');
    const other = readCase('appointment/group-member');
    const rendered = render(outboundMaps(), other.event, other.bundle, other.endpoint, other.partner);
    expect(Buffer.from('bytes' in rendered ? rendered.bytes : []).toString()).not.toContain('session-8');
  });

  it('a proposal is not told as a booking', () => {
    expect(refusedWith(eventOf('appointment'), bundleOf(appointment({ status: 'proposed' }), patient()))).toBe(
      'render.appointment-proposed',
    );
  });

  it('a proposed time is a request only where the scheduler takes one', () => {
    const { event, bundle } = readCase('conflict/request');
    expect(message(event, bundle, { dialect: { schedulingRequests: true } }).structure).toBe('SRM^S02^SRM_S01');
    expect(message(event, bundle).structure).toBe('MDM^T02^MDM_T02');
  });

  it('the end of an appointment is told by its status, whatever was done to it', () => {
    const triggers = (['cancelled', 'noshow', 'entered-in-error'] as const).map(
      (status) =>
        message(eventOf('appointment', { act: 'modified' }), bundleOf(appointment({ status }), patient())).structure,
    );
    expect(triggers).toEqual(['SIU^S15^SIU_S12', 'SIU^S26^SIU_S12', 'SIU^S17^SIU_S12']);
  });

  it('each act of an appointment has its own trigger', () => {
    const of = (act: OutboundEvent['act'], status: Appointment['status']) =>
      message(
        eventOf('appointment', act === undefined ? {} : { act }),
        bundleOf(appointment({ status }), patient()),
      ).structure.split('^')[1];
    expect([
      of('booked', 'booked'),
      of('rescheduled', 'booked'),
      of('modified', 'booked'),
      of('cancelled', 'cancelled'),
      of('discontinued', 'cancelled'),
      of('deleted', 'entered-in-error'),
      of('noshow', 'noshow'),
    ]).toEqual(['S12', 'S13', 'S14', 'S15', 'S16', 'S17', 'S26']);
  });

  it('a referral that nobody answered gives no answer', () => {
    const { event, bundle } = readCase('referral-answer/accepted');
    const unanswered = structuredClone(bundle);
    (unanswered.entry![0]!.resource as { status: string }).status = 'received';
    expect(refusedWith(event, unanswered)).toBe('render.referral-unanswered');
  });

  it('an answer to a referral carries the keys of its originator', () => {
    const { event, bundle, endpoint, partner } = readCase('referral-answer/accepted');
    const rendered = render(outboundMaps(), event, bundle, endpoint, partner);
    if ('refused' in rendered) throw new Error(rendered.refused.code);
    const { message: rri } = parseMessage(rendered.bytes);
    expect(rri.segment('RF1')?.get(6, 1, 1)).toBe('REF-77');
    expect(rri.segment('RF1')?.get(6, 1, 2)).toBe('GENH-REF');
    expect(rri.segment('MSA')?.get(2)).toBe('GEN-000123');
  });

  it('an acknowledgement is written by the person who acknowledged', () => {
    const { event, bundle, endpoint, partner } = readCase('acknowledgement/named-person');
    const rendered = render(outboundMaps(), event, bundle, endpoint, partner);
    if ('refused' in rendered) throw new Error(rendered.refused.code);
    const txa = parseMessage(rendered.bytes).message.segment('TXA');
    expect([txa?.get(5, 1, 2), txa?.get(17)]).toEqual(['Riversample', 'AU']);
  });

  it('a document is never its own parent', () => {
    for (const { event, bundle, endpoint, partner } of outboundCases()) {
      const rendered = render(outboundMaps(), event, bundle, endpoint, partner);
      if ('refused' in rendered) throw new Error(rendered.refused.code);
      const txa = parseMessage(rendered.bytes).message.segment('TXA');
      if (txa?.get(13) !== undefined) expect(txa.get(13)).not.toBe(txa.get(12));
    }
  });

  it('an answer carries no reason that a receiver could take for a new note', () => {
    const { event, bundle } = readCase('acknowledgement/named-person');
    const [obx, ...others] = message(event, bundle).message.segments('OBX');
    expect(obx?.get(3)).toBe('acknowledgement');
    expect(others).toEqual([]);
  });

  it('a delivered note is never worded as acknowledged (H2)', () => {
    const { event, bundle } = readCase('acknowledgement/named-person');
    const delivered = structuredClone(bundle);
    const task = delivered.entry![0]!.resource as { status: string; businessStatus?: object; output?: object };
    task.status = 'received';
    delete task.businessStatus;
    delete task.output;
    const told = message({ ...event, kind: 'escalation' }, delivered);
    expect(told.text).not.toMatch(/acknowledged by/i);
    expect(told.message.segment('TXA')?.get(17)).toBe('DO');
  });
});

function caseOf(name: string): Parameters<typeof rendering> {
  const { event, bundle, endpoint } = readCase(name);
  return [event, bundle, endpoint];
}

describe('what is only told on', () => {
  it('a visit, a dose, a charge or a merge that no source issued is refused', () => {
    for (const { name, event, bundle, endpoint, partner } of outboundCases()) {
      if (event.kind !== 'relay') continue;
      const { relayOf: _relayOf, ...own } = event;
      const rendered = render(outboundMaps(), own, bundle, endpoint, partner);
      expect([name, 'refused' in rendered ? rendered.refused.code : 'sent']).toEqual([name, 'render.not-relayed']);
    }
  });

  it('an identifier the source did not issue is not announced', () => {
    const foreign = visit({ identifier: [{ system: 'https://lakeside.example/sid/visit', value: 'V-1' }] });
    expect(refusedWith(eventOf('relay', relayed('ADT^A01')), bundleOf(foreign, patient()))).toBe(
      'render.not-authoritative',
    );
  });

  it('a merge of numbers that the source did not issue is never sent as A40 (H7)', () => {
    const { event, bundle } = readCase('relay/adt-a40');
    const decidedHere = structuredClone(bundle);
    (decidedHere.entry![1]!.resource as Patient).identifier = [
      { system: 'https://riverside.example/sid/mrn', value: 'R-1' },
    ];
    expect(refusedWith(event, decidedHere)).toBe('render.not-authoritative');
  });

  it('a visit that did not end is not told as a discharge', () => {
    expect(refusedWith(eventOf('relay', relayed('ADT^A03')), bundleOf(visit(), patient()))).toBe('render.visit-open');
  });

  it('an identity trigger of a visit has no map', () => {
    expect(refusedWith(eventOf('relay', relayed('ADT^A24')), bundleOf(visit(), patient()))).toBe(
      'render.trigger-unfit',
    );
  });
});

describe('versions, zones and dialects', () => {
  it('every case renders in every version, and what a version lacks is an issue', () => {
    for (const version of OUTBOUND_VERSIONS) {
      for (const { name, event, bundle, endpoint, partner } of outboundCases()) {
        const rendered = render(outboundMaps(), event, bundle, { ...endpoint, version }, partner);
        expect([name, version, 'refused' in rendered]).toEqual([name, version, false]);
      }
    }
    const old = message(...(caseOf('appointment/dose-booked').slice(0, 2) as [OutboundEvent, Bundle]), {
      version: '2.4',
    });
    expect(old.issues.map(({ code }) => code)).toContain('render.version-lacks-segment');
    expect(old.message.segment('TQ1')).toBeUndefined();
    expect(old.message.segment('SCH')?.get(11, 1, 4)).toBe('20261202160000-0500');
  });

  it('before 2.3.1 MSH-9 has no structure', () => {
    const old = message(eventOf('safety-note'), bundleOf(note(), patient()), { version: '2.3' });
    expect(old.text).toContain('|MDM^T02|');
  });

  it('times stand on the clock of the partner, with offset unless it refuses one', () => {
    const withOffset = message(eventOf('safety-note'), bundleOf(note(), patient()), {}, { zone: 'America/Phoenix' });
    expect(withOffset.message.header.dateTime).toBe('20261121120500-0700');
    const without = message(eventOf('safety-note'), bundleOf(note(), patient()), { dialect: { offset: false } });
    expect(without.message.header.dateTime).toBe('20261121140500');
  });

  it('a time that comes twice is an issue where no offset may tell which', () => {
    const twice = note({ sent: '2026-11-01T05:30:00Z' });
    const told = message(eventOf('safety-note'), bundleOf(twice, patient()), { dialect: { offset: false } });
    expect(told.message.segment('TXA')?.get(4)).toBe('20261101013000');
    expect(told.issues.map(({ code }) => code)).toContain('render.time-ambiguous');
  });

  it('a birth date never moves with a zone', () => {
    for (const zone of ['Pacific/Auckland', 'America/Los_Angeles']) {
      const told = message(
        eventOf('safety-note'),
        bundleOf(note(), patient({ birthDate: '1991-04-02' })),
        {},
        { zone },
      );
      expect(told.message.segment('PID')?.get(7)).toBe('19910402');
    }
  });

  it("a document type is the partner's own word for it", () => {
    const told = message(eventOf('safety-note'), bundleOf(note(), patient()), {
      dialect: { documentTypes: { 'safety-note': 'SNOTE' } },
    });
    expect(told.message.segment('TXA')?.get(2)).toBe('SNOTE');
  });

  it("the reason is the partner's own code, with the hub's beside it", () => {
    const safety = { documentTypes: ['PN'], reasons: { DISSOC: 'dissociation' } };
    const told = message(eventOf('safety-note'), bundleOf(note(), patient()), {}, { safety });
    const [obx] = told.message.segments('OBX');
    expect([obx?.get(3, 1, 1), obx?.get(3, 1, 4)]).toEqual(['DISSOC', 'dissociation']);
  });

  it("a character the endpoint's set lacks is an issue", () => {
    const told = message(eventOf('safety-note'), bundleOf(note(), patient({ name: [{ family: '山田' }] })), {
      charset: '8859/1',
    });
    expect(told.issues.map(({ code }) => code)).toContain('hl7.charset-unencodable');
  });

  it('an unknown version or character set is refused', () => {
    expect(refusedWith(eventOf('safety-note'), bundleOf(note(), patient()), { version: '2.2' })).toBe(
      'render.version-unknown',
    );
    expect(refusedWith(eventOf('safety-note'), bundleOf(note(), patient()), { charset: 'EBCDIC' })).toBe(
      'render.charset-unknown',
    );
  });

  it('test data goes out as test data, whatever the endpoint is set to', () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST' }];
    const told = message(eventOf('safety-note'), bundleOf(note(), patient({ meta: { security } })), {
      dialect: { processingId: 'P' },
    });
    expect(told.message.header.processingId).toBe('T');
  });
});

describe('disclosure', () => {
  const NOTICE = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.';

  it('a notice that has no place in the message keeps the message here', () => {
    const event = eventOf('relay', { ...relayed('ADT^A01'), notice: NOTICE });
    expect(refusedWith(event, bundleOf(visit(), patient()))).toBe('render.notice-left-out');
  });

  it('Part 2 content without its notice keeps the message here', () => {
    const { event, bundle } = readCase('safety-note/part-2');
    const { notice: _notice, ...unannounced } = event;
    expect(refusedWith(unannounced, bundle)).toBe('render.notice-absent');
  });

  it('a restricted note says so in TXA-18', () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
    const told = message(eventOf('safety-note'), bundleOf(note({ meta: { security } }), patient()));
    expect(told.message.segment('TXA')?.get(18)).toBe('R');
  });

  it('a label for which a message has no field is an issue', () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
    const told = message(eventOf('appointment'), bundleOf(appointment({ meta: { security } }), patient()));
    expect(told.issues.map(({ code }) => code)).toContain('render.label-left-out');
  });
});

describe('nothing is lost silently', () => {
  it('each element that no row carries is an issue with its FHIRPath', () => {
    const withMore = patient({ contact: [{ name: { family: 'Other' } }], photo: [{ url: 'https://x.example/p' }] });
    const places = message(eventOf('safety-note'), bundleOf(note(), withMore)).issues.map(({ location }) => location);
    expect(places).toContain('Bundle.entry[1].resource.ofType(Patient).contact[0]');
    expect(places).toContain('Bundle.entry[1].resource.ofType(Patient).photo[0]');
  });

  it('a resource without a place is an issue', () => {
    const stray: Resource = { resourceType: 'Basic', id: 'b', code: { text: 'x' } };
    const issues = message(eventOf('safety-note'), bundleOf(note(), patient(), stray)).issues;
    expect(issues).toContainEqual(
      expect.objectContaining({ code: 'render.resource-left-out', location: 'Bundle.entry[2].resource.ofType(Basic)' }),
    );
  });

  it('issues name places and codes and never a value', () => {
    const told = message(
      eventOf('safety-note'),
      bundleOf(
        note({ payload: [{ contentString: 'SECRETWORD' }] }),
        patient({ name: [{ family: 'SECRETNAME', given: ['x'], period: { start: '2020' } }] }),
      ),
    );
    expect(JSON.stringify(told.issues)).not.toMatch(/SECRET/);
  });
});
