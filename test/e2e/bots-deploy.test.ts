import { createRequire } from 'node:module';
import { ClientStorage, MedplumClient, MemoryStorage } from '@medplum/core';
import type { Patient, QuestionnaireResponse } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BOTS } from '../../bots/registry.ts';
import { PHQ9 } from '../../fixtures/demo/directory.ts';
import { startHttpHub } from '../conformance/http-server.ts';
import { MedplumServer } from './medplum-server.ts';
import { handoff } from './network.ts';

const NAMES = BOTS.map(({ name }) => name).sort();

interface Step {
  readonly bot: string;
  readonly step: string;
  readonly of?: string;
}

describe('handoff bots deploy', () => {
  let server: MedplumServer;
  let env: Record<string, string>;
  beforeEach(async () => {
    server = new MedplumServer();
    env = {
      MEDPLUM_BASE_URL: await server.start(),
      MEDPLUM_CLIENT_ID: server.client,
      MEDPLUM_CLIENT_SECRET: server.secret,
    };
  });
  afterEach(async () => {
    await server.stop();
    expect(server.unexpected).toEqual([]);
  });

  const deploy = async (...more: string[]): Promise<Step[]> => {
    const { code, out, err } = await handoff(['bots', 'deploy', ...more], env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Step);
  };
  const named = (name: string) => [...server.bots.values()].find((bot) => bot.name === name);
  const criteriaOf = (name: string) =>
    [...server.subscriptions.values()]
      .filter(({ channel }) => channel.endpoint === `Bot/${named(name)?.id}`)
      .map(({ criteria }) => criteria);

  test('registers every bot with its code, Subscriptions and timer; a dry run only says so; a second run writes nothing', async () => {
    const planned = await deploy('--dry-run');
    expect(server.writes).toEqual([]);
    expect([...new Set(planned.map(({ bot }) => bot))].sort()).toEqual(NAMES);

    const done = await deploy();
    expect([...server.bots.values()].map(({ name }) => name).sort()).toEqual(NAMES);
    expect(server.code.size).toBe(NAMES.length);
    for (const { name, triggers, cron } of BOTS) {
      const bot = named(name);
      expect(bot?.identifier).toEqual([{ system: 'https://handoff.example/fhir/sid/bot', value: name }]);
      expect(bot?.cronString).toBe(cron === undefined ? undefined : '* * * * *');
      expect(criteriaOf(name).sort()).toEqual(triggers.map((each) => each.criteria ?? each.resourceType).sort());
    }
    const onUpdate = [...server.subscriptions.values()].filter(({ extension }) =>
      extension?.some(({ valueCode }) => valueCode === 'update'),
    );
    expect(onUpdate.length).toBe(
      BOTS.flatMap(({ triggers }) => triggers).filter(({ on }) => `${on}` === 'update').length,
    );
    expect(done.filter(({ step }) => step === 'deploy').length).toBe(NAMES.length);

    server.writes.length = 0;
    expect(await deploy()).toEqual(BOTS.map(({ name }) => ({ bot: name, step: 'unchanged' })));
    expect(server.writes).toEqual([]);
  });

  test('mends what differs and nothing else: a failed deployment, a lost Subscription, a stale one; what is not the hub’s stays', async () => {
    server.failDeploy = true;
    const failed = await handoff(['bots', 'deploy'], env);
    expect(failed.code).toBe(1);
    expect(await deploy()).toContainEqual({ bot: BOTS[0]?.name, step: 'deploy' });
    expect([...server.bots.values()].map(({ name }) => name).sort()).toEqual(NAMES);

    const bot = named('detect-conflict');
    if (!bot) throw new Error('no bot');
    const [kept] = [...server.subscriptions.values()].filter(({ channel }) => channel.endpoint === `Bot/${bot.id}`);
    if (!kept) throw new Error('no Subscription');
    server.subscriptions.delete(kept.id);
    server.subscriptions.set('stale', { ...kept, id: 'stale', criteria: 'Slot' });
    server.subscriptions.set('theirs', { ...kept, id: 'theirs', criteria: 'Flag', reason: 'ours alone' });
    server.bots.set(bot.id, { ...bot, timeout: 30 });
    server.writes.length = 0;
    expect((await deploy()).filter(({ step }) => step !== 'unchanged')).toEqual([
      { bot: 'detect-conflict', step: 'subscribe', of: 'Appointment' },
      { bot: 'detect-conflict', step: 'unsubscribe', of: 'Slot' },
    ]);
    expect(server.writes).toEqual(['POST /fhir/R4/Subscription', 'DELETE /fhir/R4/Subscription/stale']);
    expect(criteriaOf('detect-conflict').sort()).toEqual(['Appointment', 'Flag']);
    expect(named('detect-conflict')?.timeout).toBe(30);
  });

  test('what was deployed runs as a Medplum server runs it, against a real hub over HTTP', async () => {
    await deploy();
    const { filename, code } = server.code.get(named('score-questionnaire')?.id ?? '') ?? { filename: '', code: '' };
    expect(filename).toBe('score-questionnaire.cjs');
    const module = { exports: {} as { handler?: (medplum: MedplumClient, event: object) => Promise<unknown> } };
    new Function('require', 'module', 'exports', code)(createRequire(import.meta.url), module, module.exports);

    const hub = await startHttpHub();
    try {
      const { client_id, client_secret = '' } = await hub.admin.addClient({ name: 'bot', scope: 'system/*.cruds' });
      const { access_token: token } = (await (await hub.token(client_id, client_secret)).json()) as {
        access_token: string;
      };
      const medplum = new MedplumClient({
        baseUrl: `${hub.origin}/`,
        fetch,
        storage: new ClientStorage(new MemoryStorage()),
      });
      medplum.setAccessToken(token);
      const patient = await medplum.createResource<Patient>({ resourceType: 'Patient', gender: 'female' });
      await medplum.createResource(PHQ9);
      const input = await medplum.createResource<QuestionnaireResponse>({
        resourceType: 'QuestionnaireResponse',
        status: 'completed',
        questionnaire: PHQ9.url ?? '',
        subject: { reference: `Patient/${patient.id}` },
        authored: '2026-03-02T10:00:00Z',
        item: (PHQ9.item ?? []).map(({ linkId }) => ({
          linkId,
          answer: [{ valueCoding: { system: 'http://loinc.org', code: 'LA6569-3' } }],
        })),
      });
      const event = { bot: { reference: 'Bot/x' }, contentType: 'application/fhir+json', input, secrets: {} };
      await module.exports.handler?.(medplum, event);
      const [total] = await medplum.searchResources('Observation', `patient=Patient/${patient.id}&code=44261-6`);
      expect(total).toMatchObject({ status: 'final', valueQuantity: { value: 9 } });
      await module.exports.handler?.(medplum, event);
      const all = await medplum.searchResources('Observation', `patient=Patient/${patient.id}&code=44261-6`);
      expect(all.map(({ meta }) => meta?.versionId)).toEqual(['1']);
    } finally {
      await hub.close();
    }
  });

  test('missing or wrong credentials are refused by name and never shown', async () => {
    const missing = await handoff(['bots', 'deploy'], { ...env, MEDPLUM_CLIENT_SECRET: '' });
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('MEDPLUM_CLIENT_SECRET') });
    const wrong = await handoff(['bots', 'deploy'], { ...env, MEDPLUM_CLIENT_SECRET: 'mistaken' });
    expect(wrong.code).toBe(1);
    expect(wrong.err).not.toContain('mistaken');
    expect((await handoff(['bots'], env)).code).toBe(2);
  });
});
