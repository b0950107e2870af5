import { expect, it } from 'vitest';
import { translatePort } from '../../../src/hub/translate-port.ts';
import { messageProvenance } from '../../../src/server/provenance.ts';
import { MAPS, PID, partner, text } from '../mapping/network.ts';

it('the Provenance of a message names the software that sent it (SFT), at most five of them', () => {
  const source = { ...partner(), feeds: [] };
  const port = translatePort(MAPS, [source], Buffer.alloc(32, 'unit'), '1');
  const software = (...segments: string[]) => {
    const bytes = Buffer.from(text('ADT^A01', [...segments, PID, 'PV1|1|I']));
    const feed = { charset: 'UTF-8', triggers: [] } as never;
    const translated = port.translate({ bytes, hash: 'h', receivedAt: 0, feed, partner: source });
    return translated.kind === 'mapped' ? translated.software : undefined;
  };
  expect(software()).toBeUndefined();
  expect(software('SFT|Acme Health^L|7.1|ADT Server|build 9', 'SFT|Relay Inc|2|Engine')).toEqual([
    'Acme Health ADT Server 7.1',
    'Relay Inc Engine 2',
  ]);
  expect(software(...Array.from({ length: 9 }, (_, n) => `SFT|V${n}`))).toHaveLength(5);
  const unit = {
    journalId: '1',
    partner: 'p',
    organization: 'o',
    stamp: { at: '2026-03-02T15:00:00.000Z', hash: 'h' },
    mapped: { resources: [], groups: [], identity: [], issues: [], parked: [] },
    provenance: {
      bodyHash: 'h',
      mappingVersion: '1',
      receivedAt: '2026-03-02T15:00:01.000Z',
      event: 'ADT^A01',
      software: ['Acme 7'],
    },
  };
  expect(messageProvenance('x', unit, []).agent).toContainEqual({
    type: { coding: [expect.objectContaining({ code: 'composer' })] },
    who: { display: 'Acme 7' },
  });
});

it.each([
  ['ADT^A01', ['ADT^A01'], 'mapped', undefined],
  ['ADT^A08', ['ADT'], 'mapped', undefined],
  ['ADT^A08', ['ADT^A01', 'ORU'], 'unsupported', false],
  // Who is who changes with it: it parks and holds its patients (H7).
  ['ADT^A40', ['ADT^A01'], 'unsupported', true],
  ['MDM^T02', ['ADT'], 'unsupported', false],
  ['MDM^T02 with a listed reason', ['ADT'], 'mapped', undefined],
])(
  'a feed that takes others stores %s and lists it (%j): %s, and never a safety note (H14)',
  (what, triggers, kind, identity) => {
    const source = { ...partner({ safety: { documentTypes: ['PN'], reasons: { DISS: 'dissociation' } } }), feeds: [] };
    const port = translatePort(MAPS, [source], Buffer.alloc(32, 'unit'), '1');
    const event = what.split(' ')[0]!;
    const segments = {
      'ADT^A40': [PID, 'MRG|200^^^MRN'],
      'MDM^T02': [
        PID,
        'PV1|1|O',
        'TXA|1|DS|TX|||||||||D1^ID|||||AU',
        `OBX|1|TX|${what === event ? 'X' : 'DISS'}||words||||||F`,
      ],
    }[event] ?? [PID, 'PV1|1|I'];
    const bytes = Buffer.from(text(event, segments));
    const feed = { charset: 'UTF-8', triggers } as never;
    const translated = port.translate({ bytes, hash: 'h', receivedAt: 0, feed, partner: source });
    expect(translated).toMatchObject({ kind, ...(kind === 'unsupported' ? { identity } : {}) });
  },
);
