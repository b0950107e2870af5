import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ask, askAs, matchesOf } from './support/ask.ts';
import { observation, patient } from './support/records.ts';
import { client, ENGINES, openTestStore, type TestStore } from './support/test-store.ts';

describe.each(ENGINES)('the JSON of a request on %s', (engine) => {
  let hub: TestStore;
  let ask: Ask;
  beforeAll(async () => {
    hub = await openTestStore(engine);
    ask = askAs(hub.fhir, client('org-a'));
  });
  afterAll(() => hub?.close());

  it('a property named twice is refused wherever it stands, never half of it stored', async () => {
    expect((await ask('POST Patient', '{"resourceType":"Patient","active":true,"active":false}')).status).toBe(400);
    expect(
      (await ask('POST Patient', '{"resourceType":"Patient","name":[{"text":"a","te\\u0078t":"b"}]}')).status,
    ).toBe(400);
    const colons = '{"resourceType":"Patient","name":[{"text":"a:b \\":\\" {c}","given":["x"]},{"text":"d"}]}';
    expect((await ask('POST Patient', colons)).status).toBe(201);
  });

  it('a decimal is kept digit by digit through create, transaction, patch and shortening', async () => {
    const { body: about } = await ask('POST Patient', patient());
    const digits = ['1.10', '12345678901234567890.123', '1.0E-7', '0.00', '-0.0', '100'];
    const text = (id?: string) =>
      JSON.stringify({ ...observation(`Patient/${about.id}`), ...(id ? { id } : {}), component: '$' }).replace(
        '"$"',
        `[${digits.map((value) => `{"code":{"text":"c"},"valueQuantity":{"value": ${value}}}`).join(',')}]`,
      );
    const valuesOf = async (address: string) => {
      const [path, query = ''] = address.split('?');
      const { body } = await hub.fhir.handle(
        { method: 'GET', path: path!.split('/'), query: [...new URLSearchParams(query)], headers: {} },
        client('org-a'),
      );
      return [...body!.matchAll(/"value":([-+.\dE]+)/g)].map(([, value]) => value);
    };
    const { body: made } = await ask('POST Observation', text());
    expect(await valuesOf(`Observation/${made.id}`)).toEqual(digits);
    expect(await valuesOf(`Observation/${made.id}?_elements=component`)).toEqual(digits);
    const type = { 'content-type': 'application/json-patch+json' };
    const patched = await ask(
      `PATCH Observation/${made.id}`,
      [{ op: 'replace', path: '/status', value: 'amended' }],
      type,
    );
    expect(patched.body.meta.versionId).toBe('2');
    expect(await valuesOf(`Observation/${made.id}`)).toEqual(digits);
    const entry = `{"fullUrl":"urn:uuid:55555555-5555-4555-8555-555555555555","resource":${text()},"request":{"method":"POST","url":"Observation"}}`;
    const done = await ask('POST ', `{"resourceType":"Bundle","type":"transaction","entry":[${entry}]}`);
    expect(await valuesOf(`Observation/${done.body.entry[0].resource.id}`)).toEqual(digits);
    const { body: plain } = await ask('PUT Observation/exact', text('exact').replace('1.10', '1.1'));
    expect(plain.meta.versionId).toBe('1');
    expect((await ask('PUT Observation/exact', text('exact'))).body.meta.versionId).toBe('2');
    expect((await ask('PUT Observation/exact', text('exact'))).body.meta.versionId).toBe('2');
    expect(matchesOf(await ask('GET Observation?_id=exact&component-value-quantity=1.1'))).toEqual(['exact']);
  });

  it('half a character is no text', async () => {
    const refused = await ask('POST Patient', '{"resourceType":"Patient","name":[{"text":"a\\ud800"}]}');
    expect([refused.status, refused.body.issue[0].expression]).toEqual([422, ['Patient.name[0].text']]);
    expect((await ask('POST Patient', '{"resourceType":"Patient","name":[{"text":"\\ud83d\\ude00"}]}')).status).toBe(
      201,
    );
  });
});
