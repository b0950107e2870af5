import type { AuditEvent } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../../src/model/actor.ts';
import { type Ask, askAs } from './support/ask.ts';
import { balp, unmet } from './support/balp-profiles.ts';
import { observation, organization, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

const LOG = 'AuditEvent?_source=urn:handoff:access-log';
const PEER = { address: '203.0.113.9', requestId: 'order-7', token: 'c0ffee' };
const TOKEN = ['OAUTHaccessTokenUse.Minimal', 'OAUTHaccessTokenUse.Comprehensive'];

describe.each(ENGINES)('the audit in the shapes of IHE BALP on %s', (engine) => {
  let hub: TestStore;
  let riverside: Ask;
  let lakeside: Ask;
  let inside: Ask;
  const from = (actor: Actor): Actor => ({ ...actor, peer: PEER });

  beforeAll(async () => {
    hub = await openTestStore(engine);
    riverside = askAs(hub.fhir, from(client('riverside')));
    lakeside = askAs(hub.fhir, from(client('lakeside')));
    inside = askAs(hub.fhir, client('riverside'));
    const who = { name: [{ family: 'Test' }], birthDate: '1980-01-01', identifier: [{ system: 'urn:x', value: '42' }] };
    const care = (id: string, organization: string, of: string) => ({
      resourceType: 'EpisodeOfCare',
      id,
      status: 'active',
      managingOrganization: { reference: `Organization/${organization}` },
      patient: { reference: `Patient/${of}` },
    });
    await inside('PUT Organization/riverside', organization('riverside'));
    await lakeside('PUT Organization/lakeside', organization('lakeside'));
    await riverside('PUT Patient/anna', patient({ id: 'anna', ...who }));
    await riverside('PUT EpisodeOfCare/re', care('re', 'riverside', 'anna'));
    await lakeside('PUT Patient/anna-l', patient({ id: 'anna-l', ...who }));
    await lakeside('PUT EpisodeOfCare/le', care('le', 'lakeside', 'anna-l'));
  });
  afterAll(() => hub?.close());

  const log = async (ask: Ask, search: string): Promise<AuditEvent[]> =>
    ((await ask(`GET ${LOG}&_count=50&${search}`)).body.entry ?? []).map(
      (each: { resource: AuditEvent }) => each.resource,
    );

  /** The newest event of riverside's log after a request. */
  async function eventOf(ask: Ask, request: string, body?: unknown, headers = {}): Promise<AuditEvent> {
    const { status } = await ask(request, body, headers);
    expect(status, request).toBeLessThan(400);
    const [newest] = await log(inside, '_count=1');
    return newest!;
  }

  const PATCH = { 'content-type': 'application/json-patch+json' };
  const ORGANIZATION = { resourceType: 'Organization', id: 'o', name: 'One' };
  const EVENTS: [name: string, request: string, body?: unknown, headers?: object][] = [
    ['PatientCreate', 'PUT Observation/o1', observation('Patient/anna', { id: 'o1' })],
    ['PatientRead', 'GET Observation/o1'],
    ['PatientRead', 'GET Observation/o1/_history/1'],
    ['PatientRead', 'GET Patient/anna'],
    ['PatientUpdate', 'PUT Observation/o1', observation('Patient/anna', { id: 'o1', status: 'amended' })],
    ['PatientUpdate', 'PATCH Observation/o1', [{ op: 'replace', path: '/status', value: 'corrected' }], PATCH],
    ['PatientQuery', 'GET Observation?status=corrected'],
    ['PatientQuery', 'GET Observation?patient=Patient/anna&status=cancelled'],
    ['PatientQuery', 'GET Patient/anna/Condition'],
    ['PatientDelete', 'DELETE Observation/o1'],
    ['Create', 'PUT Organization/o', ORGANIZATION],
    ['Read', 'GET Organization/o'],
    ['Update', 'PUT Organization/o', { ...ORGANIZATION, name: 'Other' }],
    ['Query', 'GET Organization?name=other'],
    ['Query', 'GET Organization?name=nobody'],
    ['Query', 'GET AuditEvent?action=D'],
    ['Delete', 'DELETE Organization/o'],
  ];
  it.each(EVENTS)('claims %s for %s, and meets it', async (name, request, body, headers) => {
    const event = await eventOf(riverside, request, body, headers);
    expect(event.meta?.profile).toEqual([name, ...TOKEN].map(balp));
    for (const profile of event.meta?.profile ?? []) expect(unmet(event, profile), profile).toEqual([]);
    const valid = await inside('POST AuditEvent/$validate', event);
    expect(valid.body.issue.filter((each: { severity: string }) => each.severity === 'error')).toEqual([]);
  });

  it('names the subtype that was asked for, the request and its token', async () => {
    await riverside('PUT Observation/o2', observation('Patient/anna', { id: 'o2' }));
    const old = await eventOf(riverside, 'GET Observation/o2/_history/1');
    expect(old.subtype?.[0]?.code).toBe('vread');
    const patched = [{ op: 'replace', path: '/status', value: 'amended' }];
    expect((await eventOf(riverside, 'PATCH Observation/o2', patched, PATCH)).subtype?.[0]?.code).toBe('patch');
    expect(old.entity?.at(-1)?.what?.identifier?.value).toBe(PEER.requestId);
    expect(old.agent.find(({ network }) => network?.type === '2')?.network?.address).toBe(PEER.address);
    expect(old.agent[0]?.policy).toEqual([`urn:ietf:params:oauth:jti:${PEER.token}`]);
  });

  it('claims nothing of what did not come over the network, of a history, or of a delete that found nothing', async () => {
    await riverside('PUT Observation/o3', observation('Patient/anna', { id: 'o3' }));
    expect((await eventOf(inside, 'GET Observation/o3')).meta?.profile).toBeUndefined();
    expect((await eventOf(inside, 'GET Observation?_id=o3')).meta?.profile).toBeUndefined();
    expect((await eventOf(riverside, 'GET Observation/o3/_history')).meta?.profile).toBeUndefined();
    const gone = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ request: { method: 'DELETE', url: 'Basic/x' } }],
    };
    expect((await eventOf(riverside, 'POST ', gone)).meta?.profile).toBeUndefined();
  });

  it('a person in an app is the one who asks, and the app the machine', async () => {
    const user: Actor = {
      kind: 'user',
      id: 'dr-lee',
      organization: 'riverside',
      practitionerRole: 'lee',
      app: 'app-1',
      scopes: ['user/*.cruds'],
    };
    const event = await eventOf(askAs(hub.fhir, from(user)), 'GET Patient/anna');
    expect(event.meta?.profile).toEqual(['PatientRead', ...TOKEN].map(balp));
    for (const profile of event.meta?.profile ?? []) expect(unmet(event, profile), profile).toEqual([]);
    const [person, machine] = event.agent;
    expect(person?.who).toMatchObject({ reference: 'PractitionerRole/lee', identifier: { value: 'dr-lee' } });
    expect([person?.requestor, machine?.requestor]).toEqual([true, false]);
    expect(machine?.who?.identifier?.value).toBe('app-1');
  });

  it('a search is kept once for each patient it showed and each owner, and its owner reads no value of it', async () => {
    await riverside('PUT Patient/ben', patient({ id: 'ben' }));
    for (const [id, of] of [
      ['s1', 'anna'],
      ['s2', 'anna'],
      ['s3', 'ben'],
    ] as const)
      await riverside(`PUT Observation/${id}`, observation(`Patient/${of}`, { id, status: 'preliminary' }));
    await riverside('GET Observation?status=preliminary');
    const asked = Buffer.from('Observation?status=preliminary').toString('base64');
    const ofQuery = (event: AuditEvent) => event.entity?.find(({ query }) => query === asked);
    const [ben, anna, before] = await log(riverside, 'action=E');
    const about = (event?: AuditEvent) => event?.entity?.find(({ role }) => role?.code === '1')?.what?.reference;
    expect([about(anna), about(ben)].sort()).toEqual(['Patient/anna', 'Patient/ben']);
    expect([ben, anna].every((event) => ofQuery(event!) !== undefined)).toBe(true);
    expect(ofQuery(before!)).toBeUndefined();

    expect((await lakeside('GET Observation?status=preliminary')).body.entry).toHaveLength(2);
    const [theirs] = await log(riverside, 'agent=lakeside&action=E');
    expect(about(theirs)).toBe('Patient/anna');
    expect(theirs?.entity?.find(({ role }) => role?.code === '24')).toEqual(
      expect.not.objectContaining({ query: expect.anything() }),
    );
    expect(theirs?.meta?.profile).toBeUndefined();
    expect(ofQuery((await log(lakeside, 'action=E'))[0]!)).toBeDefined();
  });

  it('what of others leaves with an operation is a disclosure at its source', async () => {
    await riverside('PUT Observation/d1', observation('Patient/anna', { id: 'd1' }));
    expect((await lakeside('GET Patient/anna-l/$everything')).status).toBe(200);
    const disclosed = (await log(riverside, 'agent=lakeside&action=R')).filter(({ type }) => type.code === '110106');
    const one = disclosed.find(({ meta }) => meta?.profile !== undefined);
    expect(one?.meta?.profile).toEqual(['PrivacyDisclosure.Source', ...TOKEN].map(balp));
    for (const profile of one?.meta?.profile ?? []) expect(unmet(one!, profile), profile).toEqual([]);
  });

  it('a search longer than is kept is not claimed to be whole', async () => {
    const event = await eventOf(riverside, `GET Organization?name=${'x'.repeat(5000)}`);
    expect(event.meta?.profile).toBeUndefined();
  });

  it('a claim that is not met is found', async () => {
    const event = await eventOf(riverside, 'GET Patient/anna');
    const without = { ...event, agent: event.agent.map(({ network: _network, ...agent }) => agent) };
    expect(unmet(without, balp('PatientRead'))).toEqual(['agent:client.network', 'agent:server.network']);
    expect(unmet({ ...event, entity: event.entity!.slice(0, 1) }, balp('PatientRead'))).toEqual(['entity:patient']);
    expect(unmet(event, balp('PatientQuery'))).not.toEqual([]);
    expect(unmet(event, balp('Nothing'))).toEqual(['unknown profile']);
  });
});
