import type { Bundle, Communication, Observation, Patient, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { outboundMaps } from '../../../mappings/outbound/maps.ts';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { renderFor } from '../../../src/mapping/outbound/render-port.ts';
import type { OutboxEvent } from '../../../src/model/outbox.ts';
import type { Endpoint } from '../../../src/model/partner.ts';
import { decide } from '../../../src/rules/consent.ts';
import { PART2_NOTICE, release } from '../../../src/rules/release.ts';
import { consent, episode, owned, person } from '../rules/people.ts';
import { endpointOf, partnerOf } from './network.ts';
import { note, patient } from './resources.ts';

const AT = new Date('2026-03-01T12:00:00Z');
const render = renderFor(outboundMaps(), () => [partnerOf('riverside'), partnerOf('lakeside')]);

const event = (parts: Partial<OutboxEvent> = {}): OutboxEvent => ({
  recipient: 'lakeside',
  organization: 'lakeside',
  eventKey: 'safety-note/c1',
  kind: 'safety-note',
  lane: 'safety',
  purpose: 'TREAT',
  resources: ['Communication/c1'],
  ...parts,
});

const FHIR: Partial<Endpoint> = { transport: { kind: 'fhir', url: 'https://lakeside.example/fhir', headers: {} } };

/** Riverside's resources on their way to Lakeside, as far as the consent decision lets them. */
function delivery(resources: readonly Resource[], options: { endpoint?: Partial<Endpoint>; consented?: boolean } = {}) {
  const facts = person(
    owned('lakeside', episode('lakeside')),
    ...(options.consented ? [owned('riverside', consent('riverside', 'lakeside'))] : []),
  );
  const items = resources.map((resource) => owned('riverside', resource));
  const decision = decide({ facts, items, recipient: 'lakeside', purpose: 'TREAT', at: AT.toISOString() });
  const released = release(decision, resources);
  if (released === undefined) return undefined;
  const endpoint = endpointOf('lakeside', options.endpoint ?? {});
  return render(released, event(), { partner: partnerOf('lakeside'), endpoint, controlId: 'HO-1', at: AT });
}

const score: Observation = {
  resourceType: 'Observation',
  id: 'score',
  status: 'final',
  code: { text: 'SECRETSCORE' },
  subject: { reference: 'Patient/p1' },
  meta: { security: part2Labels() },
};

describe('what the deliver loop renders with', () => {
  it('an engine gets a message and a FHIR endpoint a Bundle of the same release', () => {
    const v2 = delivery([note(), patient()]);
    const fhir = delivery([note(), patient()], { endpoint: FHIR });
    if (v2 === undefined || fhir === undefined || 'refused' in v2 || 'refused' in fhir) throw new Error('refused');
    expect([v2.structure, fhir.structure]).toEqual(['MDM^T02^MDM_T02', 'Bundle/transaction']);
    expect(parseMessage(v2.payload).message.header.controlId).toBe('HO-1');
    const bundle = JSON.parse(Buffer.from(fhir.payload).toString('utf8')) as Bundle;
    expect(bundle.entry?.map(({ resource }) => resource?.resourceType)).toEqual(['Communication', 'Patient']);
  });

  it('what consent withheld is in neither, by word, number or reference', () => {
    const about: Communication = note({ about: [{ reference: 'Observation/score', display: 'SECRETSCORE' }] });
    for (const endpoint of [{}, FHIR]) {
      const sent = delivery([about, patient(), score], { endpoint });
      if (sent === undefined || 'refused' in sent) throw new Error('refused');
      expect(Buffer.from(sent.payload).toString('utf8')).not.toMatch(/SECRETSCORE|Observation\/score/);
    }
  });

  it('Part 2 content leaves with its notice and the scope of its consent', () => {
    const labelled = <T extends Resource>(resource: T): T => ({ ...resource, meta: { security: part2Labels() } });
    const content: [Communication, Patient] = [labelled(note()), labelled(patient())];
    expect(delivery(content)).toBeUndefined();
    const sent = delivery(content, { consented: true });
    if (sent === undefined || 'refused' in sent) throw new Error('refused');
    const text = Buffer.from(sent.payload).toString('utf8');
    expect(text).toContain(PART2_NOTICE);
    expect(text).toContain('consent-riverside-lakeside');
    expect(parseMessage(sent.payload).message.segment('TXA')?.get(18)).toBe('R');
  });

  it('the act of an appointment is what its event key says', () => {
    const appointment: Resource = {
      resourceType: 'Appointment',
      id: 'a1',
      status: 'booked',
      start: '2026-03-02T15:00:00Z',
      end: '2026-03-02T16:00:00Z',
      participant: [{ actor: { reference: 'Patient/p1' }, status: 'accepted' }],
    };
    const resources = [appointment, patient()];
    const items = resources.map((resource) => owned('lakeside', resource));
    const facts = person(owned('lakeside', episode('lakeside')));
    const decision = decide({ facts, items, recipient: 'lakeside', purpose: 'TREAT', at: AT.toISOString() });
    const released = release(decision, resources)!;
    const destination = { partner: partnerOf('lakeside'), endpoint: endpointOf('lakeside'), controlId: 'HO-2', at: AT };
    const structures = ['booked/2026-03-02', 'rescheduled/2026-03-02', 'noshow'].map((end) => {
      const sent = render(released, event({ kind: 'appointment', eventKey: `appointment/a1/${end}` }), destination);
      return 'refused' in sent ? sent.refused.code : sent.structure;
    });
    expect(structures).toEqual(['SIU^S12^SIU_S12', 'SIU^S13^SIU_S12', 'SIU^S26^SIU_S12']);
  });
});
