import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { part2Labels } from '../../../src/fhir/labels.ts';
import { HUB } from '../../../src/model/actor.ts';
import type { ResourceAssertions } from '../../../src/model/assertion.ts';
import { ACT_CODE_SYSTEM, CONFIDENTIALITY_SYSTEM } from '../../../src/model/labels.ts';
import type { ApplyUnit } from '../../../src/model/store.ts';
import { ENGINES } from '../../unit/server/support/test-store.ts';
import { startSmartApp } from './app.ts';
import { addApp, Flow, observation, PASSWORD, type SmartHub, startSmartHub, type Tokens } from './smart-hub.ts';
import { WebBrowser } from './web-browser.ts';

const SCOPE = 'launch/patient openid fhirUser offline_access patient/*.rs';
type Resource = { resourceType: string; id: string; [element: string]: unknown };

describe.each(ENGINES)('a patient who signs in, on %s', (engine) => {
  let hub: SmartHub;
  let app: Awaited<ReturnType<typeof startSmartApp>>;
  let client: string;
  const put = (resource: Resource) => hub.hub.store.put(resource as never, HUB);
  const labelled = (id: string, ...codes: string[]) => ({
    ...observation(id, 'anna', 'survey'),
    meta: { security: codes.map((code) => ({ system: ACT_CODE_SYSTEM, code })) },
  });

  beforeAll(async () => {
    hub = await startSmartHub(engine);
    app = await startSmartApp({ clientId: '', scope: SCOPE, iss: hub.base });
    client = await addApp(hub, `${SCOPE} user/*.cruds patient/*.cruds`);
    await hub.admin.addPatient({ name: 'anna', patient: 'anna', password: PASSWORD });
  });
  afterAll(async () => {
    await app?.close();
    await hub?.close();
  });

  /** What the app is granted when the patient allows. */
  async function tokens(scope = SCOPE, name = 'anna'): Promise<Tokens> {
    const flow = new Flow(hub, client);
    const left = (await flow.browser.allow(await flow.consentPage({ scope }, name))).left!.searchParams;
    return (await (await flow.redeem(left.get('code')!)).json()) as Tokens;
  }
  const call = (token: string, path: string, init: { method?: string; body?: string } = {}) =>
    fetch(`${hub.base}/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    });
  const status = async (token: string, path: string) => (await call(token, path)).status;
  const ids = async (token: string, path: string): Promise<string[]> =>
    (((await (await call(token, path)).json()) as { entry?: { resource: { id: string } }[] }).entry ?? [])
      .map(({ resource }) => resource.id)
      .sort();

  it('launches an app for his own record with fhirclient, and chooses nobody', async () => {
    const made = await hub.admin.addClient({
      name: 'Own record',
      scope: SCOPE,
      redirectUris: [`${app.origin}/callback`],
      launchUri: `${app.origin}/launch`,
      public: true,
    });
    Object.assign(app.settings, { clientId: made.client_id });
    const browser = new WebBrowser(hub.origin);
    const start = await fetch(`${app.origin}/launch`, { redirect: 'manual' });
    const page = await browser.signIn(await browser.open(start.headers.get('location')!), 'anna', PASSWORD);
    expect([page.html.includes('Anna Berg'), page.html.includes('Find a patient')]).toEqual([true, false]);
    expect((await fetch((await browser.allow(page, 'ben')).left!)).status).toBe(200);
    const own = app.client();
    expect([own.patient.id, own.user.fhirUser]).toEqual(['anna', 'Patient/anna']);
    expect(((await own.user.read()) as { id?: string }).id).toBe('anna');
    const bundle = (await own.request('Observation?_sort=_id')) as { entry: { resource: { id: string } }[] };
    expect(bundle.entry.map(({ resource }) => resource.id)).toEqual(['anna-mood', 'anna-pulse']);
    await expect(own.request('Observation/ben-mood')).rejects.toThrow('404');
    await expect(own.request('Patient/ben')).rejects.toThrow('404');
  });

  describe('with a token', () => {
    let token: string;
    beforeEach(async () => {
      token = (await tokens(`${SCOPE} user/*.cruds`)).access_token;
    });

    it('sees his own record by every way in, and of others nothing', async () => {
      expect(await ids(token, 'Patient')).toEqual(['anna']);
      for (const path of ['Observation', 'Patient/anna/Observation', 'Observation?patient=anna'])
        expect(await ids(token, path), path).toEqual(['anna-mood', 'anna-pulse']);
      for (const path of [
        'Patient/ben',
        'Observation/ben-mood',
        'Patient/ben/$everything',
        'Observation/cora-mood/_history',
      ])
        expect(await status(token, path), path).toBe(404);
      for (const path of [
        'Observation?patient=ben',
        'Observation?subject.name=adler',
        'Patient?_has:Observation:subject:code:text=ben',
      ])
        expect(await ids(token, path), path).toEqual([]);
      expect(await ids(token, 'Patient/anna/$everything')).toEqual(expect.arrayContaining(['anna', 'anna-mood']));
      expect(await ids(token, 'Observation/_history')).toEqual(['anna-mood', 'anna-pulse']);
    });

    it('reads his Part 2 records, and no psychotherapy note, unknown label or what was forbidden to show him', async () => {
      await put({ ...observation('sud', 'anna', 'survey'), meta: { security: part2Labels() } });
      for (const code of ['PSYTHPN', 'NODSCLCD', 'NOPAT', 'PHY', 'nobody-knows'])
        await put(labelled(`no-${code}`, code));
      const very = { security: [{ system: CONFIDENTIALITY_SYSTEM, code: 'V' }] };
      await put({ ...observation('no-v', 'anna', 'survey'), meta: very });
      expect(await ids(token, 'Observation?_id:missing=false&_count=50')).toEqual(['anna-mood', 'anna-pulse', 'sud']);
      for (const id of ['no-PSYTHPN', 'no-NODSCLCD', 'no-NOPAT', 'no-PHY', 'no-nobody-knows', 'no-v'])
        expect(await status(token, `Observation/${id}`), id).toBe(404);
      expect(await status(token, 'Observation/sud')).toBe(200);
      expect(await ids(await clinician(), 'Observation?patient=anna&_count=50')).toContain('no-NOPAT');
    });

    it('sees no record of several persons, and no paper of those who work on his', async () => {
      const about = { subject: { reference: 'Patient/anna' } };
      const group = ['anna', 'ben'].map((id) => ({ actor: { reference: `Patient/${id}` }, status: 'accepted' }));
      const at = { start: '2026-03-02T10:00:00Z', end: '2026-03-02T11:00:00Z' };
      await put({ resourceType: 'Appointment', id: 'group', status: 'booked', ...at, participant: group });
      await put({ resourceType: 'Task', id: 'ack', status: 'requested', intent: 'order', for: about.subject });
      await put({ resourceType: 'Communication', id: 'note', status: 'completed', ...about });
      await put({ resourceType: 'Flag', id: 'flag', status: 'active', code: { text: 'x' }, ...about });
      for (const path of ['Appointment/group', 'Task/ack', 'Communication/note', 'Flag/flag'])
        expect(await status(token, path), path).toBe(404);
      const seen = await ids(token, 'Patient/anna/$everything');
      for (const id of ['group', 'ack', 'note', 'flag']) expect(seen).not.toContain(id);
      expect(await status(token, 'AuditEvent?_source=urn:handoff:access-log')).toBe(403);
      expect(await status(token, '$export')).toBeGreaterThanOrEqual(400);
    });

    it('a former version that was about somebody else stays closed', async () => {
      await put(observation('mistaken', 'ben', 'survey'));
      await put(observation('mistaken', 'anna', 'survey'));
      expect(await status(token, 'Observation/mistaken')).toBe(200);
      expect(await status(token, 'Observation/mistaken/_history/1')).toBe(404);
    });

    it('writes nothing: neither an acknowledgement nor anything else', async () => {
      const granted = (await tokens('launch/patient patient/*.cruds user/*.cruds')).scope;
      expect(granted).not.toMatch(/\.[a-z]*[cud]/);
      await put({
        resourceType: 'Task',
        id: 'mine',
        status: 'requested',
        intent: 'order',
        for: { reference: 'Patient/anna' },
      });
      const task = {
        resourceType: 'Task',
        id: 'mine',
        status: 'accepted',
        intent: 'order',
        for: { reference: 'Patient/anna' },
      };
      const body = (resource: object) => JSON.stringify(resource);
      const changes: [string, { method: string; body?: string }][] = [
        ['Task/mine', { method: 'PUT', body: body(task) }],
        ['Observation', { method: 'POST', body: body(observation('own', 'anna', 'survey')) }],
        ['Observation/anna-mood', { method: 'DELETE' }],
      ];
      for (const [path, init] of changes) expect((await call(token, path, init)).status, path).toBe(403);
      expect(await status(await clinician(), 'Observation/anna-mood')).toBe(200);
    });
  });

  const clinician = async (): Promise<string> => {
    const flow = new Flow(hub, client);
    const page = await flow.consentPage({ scope: 'user/*.rs' }, 'doc');
    const code = (await flow.browser.allow(page)).left!.searchParams.get('code')!;
    return ((await (await flow.redeem(code)).json()) as Tokens).access_token;
  };

  describe('whose record is merged', () => {
    const linked = (id: string, more: object) => put({ resourceType: 'Patient', id, birthDate: '1980-02-02', ...more });
    /** What a message of the clinic says. */
    const apply = (journalId: string, at: string, mapped: Partial<ApplyUnit['mapped']>) =>
      hub.hub.store.apply({
        journalId,
        partner: 'clinic',
        organization: 'org-a',
        stamp: { at, hash: journalId },
        mapped: { resources: [], groups: [], identity: [], issues: [], parked: [], ...mapped },
        provenance: { bodyHash: '', mappingVersion: '1', receivedAt: at, event: 'ADT' },
      });
    const admitted = (id: string): ResourceAssertions => ({
      type: 'Patient',
      id,
      key: { type: 'Patient', owner: 'org-a', authority: 'a', value: id },
      owner: 'org-a',
      labels: [],
      elements: [{ element: 'birthDate', op: 'set', value: '1980-02-02' }],
    });
    const merge = () =>
      apply('merge', '2026-03-02T09:00:00Z', { identity: [{ op: 'merge', survivor: 'new', loser: 'old' }] });
    const unmerge = () =>
      hub.hub.database.write<string>('store.unmerge', { patient: 'old', other: 'new', by: HUB, at: hub.clock.ms });
    beforeEach(async () => {
      for (const id of ['old', 'new']) {
        await apply(`admit-${id}`, '2026-03-02T08:00:00Z', { resources: [admitted(id)] });
        await put(observation(`${id}-one`, id, 'survey'));
      }
      await hub.admin.addPatient({ name: 'dora', patient: 'old', password: PASSWORD });
    });

    it('follows the survivor, with a token given before and after; and is alone again after an unmerge', async () => {
      const before = (await tokens(SCOPE, 'dora')).access_token;
      expect(await ids(before, 'Observation')).toEqual(['old-one']);
      await merge();
      expect(await ids(before, 'Observation')).toEqual(['new-one', 'old-one']);
      const after = await tokens(SCOPE, 'dora');
      expect(after.patient).toBe('new');
      expect(await ids(after.access_token, 'Observation')).toEqual(['new-one', 'old-one']);
      expect(await unmerge()).toBe('apart');
      for (const token of [before, after.access_token])
        expect(await ids(token, 'Observation')).not.toContain('new-one');
      expect(await ids(before, 'Observation')).toEqual(['old-one']);
    });

    it('is nobody when the record is out of use, and when somebody died', async () => {
      const { access_token: token } = await tokens(SCOPE, 'dora');
      for (const end of [{ active: false }, { deceasedBoolean: true }, { deceasedDateTime: '2026-03-01' }]) {
        await linked('old', {});
        expect(await status(token, 'Observation/old-one')).toBe(200);
        await linked('old', end);
        expect(await status(token, 'Observation/old-one'), JSON.stringify(end)).toBe(401);
      }
      await expect(hub.admin.addPatient({ name: 'x', patient: 'old', password: PASSWORD })).rejects.toThrow(
        'no such Patient',
      );
      await expect(hub.admin.addPatient({ name: 'x', patient: 'none', password: PASSWORD })).rejects.toThrow(
        'no such Patient',
      );
    });
  });

  it('a name is a clinician’s or a patient’s, and never becomes the other’s', async () => {
    const doc = hub.admin.addPatient({ name: 'doc', patient: 'ben', password: PASSWORD });
    await expect(doc).rejects.toMatchObject({ code: 'ops.name-taken' });
    await hub.admin.addUser({ name: 'token only', practitionerRole: 'doc-role' });
    const token = hub.admin.addPatient({ name: 'token only', patient: 'ben', password: PASSWORD });
    await expect(token).rejects.toMatchObject({ code: 'ops.name-taken' });
    await expect(hub.admin.addUser({ name: 'anna', practitionerRole: 'doc-role' })).rejects.toMatchObject({
      code: 'ops.name-taken',
    });
    await hub.admin.addPatient({ name: 'anna', patient: 'anna', password: PASSWORD });
  });

  it('whose login is ended is out at the next request', async () => {
    await hub.admin.addPatient({ name: 'ben', patient: 'ben', password: PASSWORD });
    const { access_token: token } = await tokens(SCOPE, 'ben');
    expect(await status(token, 'Patient/ben')).toBe(200);
    await hub.admin.revokeUser('ben');
    expect(await status(token, 'Patient/ben')).toBe(401);
  });
});
