import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig, loadConfig, splitAddress } from '../../../src/config/load.ts';

const partner = { id: 'clinic', name: 'Clinic', organization: 'clinic', zone: 'America/New_York' };
const load = (raw: unknown, env: Record<string, string> = {}) => checkConfig('x.yaml', raw, env);

describe('handoff.yaml', () => {
  it('the demo file is a valid configuration', () => {
    const config = loadConfig({});
    expect(config.partners.map((each) => each.id)).toEqual([
      'general-hospital',
      'riverside',
      'lakeside',
      'harbor-psychiatry',
    ]);
  });

  it('a wrong setting is refused with file, path and reason, never its value', () => {
    const secret = 'Mars/Secret';
    const attempt = () => load({ partners: [{ ...partner, zone: secret }] });
    expect(attempt).toThrow('x.yaml: partners[0].zone: is not an IANA time zone');
    expect(attempt).not.toThrow(secret);
  });

  it('a mirror holds types that can be found by identifier, by conditional update unless said otherwise', () => {
    const mirror = (transport: object) =>
      load({ partners: [{ ...partner, endpoints: [{ id: 'm', transport: { kind: 'mirror', ...transport } }] }] });
    const [{ endpoints: [endpoint] = [] } = {}] = mirror({
      url: 'https://m.example/fhir',
      types: ['Patient'],
    }).partners;
    expect(endpoint?.transport).toMatchObject({ update: 'conditional', purpose: 'TREAT' });
    expect(() => mirror({ url: 'https://m.example/fhir', types: ['Provenance'] })).toThrow(
      'partners[0].endpoints[0].transport.types[0]',
    );
    expect(() => mirror({ url: 'https://m.example/fhir', types: [] })).toThrow('transport.types');
  });

  it('all wrong settings are reported at once', () => {
    expect(() => load({ http: 'nowhere', readers: 0 })).toThrow(/http: .*\n.*readers: /);
  });

  it('an unknown key is refused: a misspelt setting must not be ignored', () => {
    expect(() => load({ partners: [{ ...partner, timezone: 'UTC' }] })).toThrow(/partners\[0\].*timezone/);
  });

  it('two feeds on one address are refused', () => {
    const feed = (id: string) => ({ id, transport: { kind: 'mllp', port: 2575 } });
    expect(() => load({ partners: [{ ...partner, feeds: [feed('a'), feed('b')] }] })).toThrow(
      'the listening address is used twice',
    );
  });

  it('a text may come from the environment, and a missing variable is refused by name', () => {
    const raw = {
      partners: [
        {
          ...partner,
          endpoints: [
            {
              id: 'e',
              transport: { kind: 'fhir', url: 'http://127.0.0.1:1/', headers: { Authorization: 'Bearer ${TOKEN}' } },
            },
          ],
        },
      ],
    };
    const found = load(raw, { TOKEN: 'abc' }).partners[0]?.endpoints[0]?.transport;
    expect(found).toMatchObject({ headers: { Authorization: 'Bearer abc' } });
    expect(() => load(raw)).toThrow('the environment variable TOKEN is not set');
  });

  it('HANDOFF_MLLP moves the first MLLP feed, HANDOFF_HTTP and HANDOFF_DATABASE override the file', () => {
    const config = load(
      { partners: [{ ...partner, feeds: [{ id: 'a', transport: { kind: 'mllp', port: 2575 } }] }] },
      { HANDOFF_MLLP: '0.0.0.0:9', HANDOFF_HTTP: '127.0.0.1:8', HANDOFF_DATABASE: 'sqlite:/x' },
    );
    expect(config.partners[0]?.feeds[0]?.transport).toEqual({ kind: 'mllp', host: '0.0.0.0', port: 9 });
    expect([config.http, config.database]).toEqual(['127.0.0.1:8', 'sqlite:/x']);
  });

  it('the version names the content: the same settings have the same version, others another', () => {
    expect(load({ partners: [partner] }).version).toBe(load({ partners: [partner] }).version);
    expect(load({ partners: [partner] }).version).not.toBe(load({ partners: [{ ...partner, zone: 'UTC' }] }).version);
  });

  it('a file that is not there is refused by name', () => {
    expect(() => loadConfig({ HANDOFF_CONFIG: 'no/such.yaml' })).toThrow(
      'no/such.yaml: (whole file): cannot be read (ENOENT)',
    );
  });

  it('a file that is not YAML is refused with the place', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'handoff-')), 'bad.yaml');
    writeFileSync(file, 'a: [1,\nb: }');
    expect(() => loadConfig({ HANDOFF_CONFIG: file })).toThrow(/bad\.yaml: \(whole file\): .*line/);
  });

  it('an address is a host and a port, IPv6 in brackets', () => {
    expect(splitAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
  });
});
