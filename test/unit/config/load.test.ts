import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig, loadConfig, splitAddress } from '../../../src/config/load.ts';

const partner = { id: 'clinic', name: 'Clinic', organization: 'clinic', zone: 'America/New_York' };
const load = (raw: unknown, env: Record<string, string> = {}) => checkConfig('x.yaml', raw, env);

const one = (more: object) => ({ partners: [{ ...partner, ...more }] });
const rung = (step: string, afterSec: number) => ({ step, afterSec });

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

  const feed = { id: 'in', transport: { kind: 'mllp', port: 2575 } };
  const endpoint = (url: string) => ({ id: 'out', transport: { kind: 'fhir', url } });
  const program = { id: 'p', name: 'P', levelOfCare: 'iop', part2: true };

  it.each([
    ['a port that is none', { http: '127.0.0.1:99999' }, 'http: must have a port up to 65535'],
    [
      'an address to send to that is no web address',
      one({ endpoints: [endpoint('ftp://x/y')] }),
      'url: must be an http',
    ],
    ['a version of no HL7', one({ feeds: [{ ...feed, versions: ['two'] }] }), 'versions[0]: must be a version'],
    [
      'a feed that would refuse before it pauses',
      one({ feeds: [{ ...feed, backlogMax: { rows: 9 }, backlogHard: { rows: 8 } }] }),
      'partners[0].feeds[0].backlogHard.rows: is below backlogMax.rows',
    ],
    ['a default authority that is not listed', one({ defaultAuthority: 'X' }), 'defaultAuthority: is none of the'],
    [
      'hours that end before they begin',
      one({ duty: { hours: { 1: ['17:00', '08:00'] } } }),
      'hours.1: must end later',
    ],
    [
      'a program recognised by no field: its Part 2 label would be missing (H3)',
      one({ programs: [{ ...program, match: { PV1_10: ['PATH'] } }] }),
      'programs[0].match.PV1_10: ',
    ],
    [
      'a program recognised by no value',
      one({ programs: [{ ...program, match: { 'PV1-10': [] } }] }),
      'match.PV1-10: ',
    ],
    [
      'a reason that is none of the hub: the note would be a routine document (H14)',
      one({ safety: { reasons: { DISSOC: 'disociation' } } }),
      'safety.reasons.DISSOC: ',
    ],
    ['a ladder without a step (H1)', { safety: { E0: { ladder: [] } } }, 'safety.E0.ladder: '],
    [
      'a ladder whose later step is first (H1)',
      { safety: { E1: { ladder: [rung('backup', 9), rung('duty', 0)] } } },
      'safety.E1.ladder: must name its steps in the order',
    ],
    ['a ladder that repeats at once (H1)', { safety: { E0: { repeatSec: 0 } } }, 'safety.E0.repeatSec: '],
  ])('%s is refused', (_title, raw, reason) => {
    expect(() => load(raw)).toThrow(`x.yaml: `);
    expect(() => load(raw)).toThrow(reason);
  });

  it('an override from the environment is held to the same rules, by its name', () => {
    const reason = 'environment: HANDOFF_HTTP: must have a port up to 65535';
    expect(() => load({}, { HANDOFF_HTTP: '127.0.0.1:99999' })).toThrow(reason);
  });

  it('all wrong settings are reported at once', () => {
    expect(() => load({ http: 'nowhere', readers: 0 })).toThrow(/http: .*\n.*readers: /);
  });

  it('an unknown key is refused: a misspelt setting must not be ignored', () => {
    expect(() => load({ partners: [{ ...partner, timezone: 'UTC' }] })).toThrow(/partners\[0\].*timezone/);
  });

  it('mirrors of two partners on one server are refused: each is told what only its own may know', () => {
    const mirror = (id: string, url: string) => ({ id, transport: { kind: 'mirror', url, types: ['Patient'] } });
    const two = (url: string, other: string) =>
      load({
        partners: [
          { ...partner, endpoints: [mirror('a', url), mirror('b', url)] },
          { ...partner, id: 'other', organization: 'other', endpoints: [mirror('c', other)] },
        ],
      });
    expect(() => two('https://m.example/fhir', 'https://M.example:443/fhir/')).toThrow(
      'partners[1].endpoints[0].transport.url: the address of a mirror is used twice',
    );
    expect(two('https://m.example/fhir', 'https://m.example/other').partners).toHaveLength(2);
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
