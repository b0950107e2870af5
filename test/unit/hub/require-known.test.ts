import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../../mappings/definitions.ts';
import { checkConfig } from '../../../src/config/load.ts';
import { requireKnown } from '../../../src/hub/require-known.ts';
import { compileMaps } from '../../../src/mapping/map-message.ts';

const maps = compileMaps(DEFINITIONS);
const partner = { id: 'clinic', name: 'Clinic', organization: 'clinic', zone: 'America/New_York' };
const feed = (charset: string) => ({ id: 'in', transport: { kind: 'mllp', port: 2575 }, charset });
const endpoint = (more: object) => ({ id: 'out', transport: { kind: 'mllp', host: 'x', port: 1 }, ...more });
const known = (more: object) => requireKnown(checkConfig('x.yaml', { partners: [{ ...partner, ...more }] }, {}), maps);

describe('what a setting names must be there before the first message is', () => {
  it.each([
    ['a file of maps', { mappingFile: 'nowhere' }, 'mappingFile: is no file of mappings/partners'],
    ['a character set to read', { feeds: [feed('KLINGON')] }, 'feeds[0].charset: is no character set'],
    [
      'a character set to write',
      { endpoints: [endpoint({ charset: 'KLINGON' })] },
      'endpoints[0].charset: is no character',
    ],
    [
      'a set MLLP cannot carry',
      { endpoints: [endpoint({ charset: 'UNICODE UTF-16' })] },
      'endpoints[0].charset: is no',
    ],
    ['a version to write', { endpoints: [endpoint({ version: '2.9.9' })] }, 'endpoints[0].version: is no version'],
  ])('%s that is not there is refused with file and path', (_title, more, reason) => {
    expect(() => known(more)).toThrow(`x.yaml: partners[0].${reason}`);
  });

  it.each(['', '8859/1', 'UNICODE UTF-8', 'GB 18030-2000'])('the character set "%s" is taken both ways', (charset) => {
    expect(() => known({ feeds: [feed(charset)], endpoints: [endpoint({ charset })] })).not.toThrow();
  });
});
