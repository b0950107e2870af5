import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/hub/translate-port.ts';
import type { Inbound } from '../../../src/model/flow.ts';
import type { Feed } from '../../../src/model/partner.ts';
import { codes, map, PID, partner, resources, text } from './network.ts';

const clinic = partner({
  safety: {
    documentTypes: ['SN'],
    reasons: { DISSOC: 'dissociation', EMSUI: 'emergent-suicidality', UPD: 'routine-update' },
  },
});
const mdm = (type: string, obx: readonly string[], extra = '', trigger = 'T02') =>
  map(
    text(`MDM^${trigger}`, [
      `EVN|${trigger}`,
      PID,
      `TXA|1|${type}|TX|20260302100000||20260302100500||||||D1^ID|${extra}||||LA||AV`,
      ...obx,
    ]),
    clinic,
  );
const obx = (code: string, words = 'text') => `OBX|1|TX|${code}^^L||${words}||||||F`;
const inbound = (bytes: Buffer): Inbound => ({
  bytes,
  feed: { charset: 'UNICODE UTF-8' } as Feed,
  partner: clinic,
  hash: '',
  receivedAt: 0,
});
const note = (mapped: ReturnType<typeof map>) => resources(mapped, 'Communication')[0];
const classOf = (communication: ReturnType<typeof note>) =>
  communication.extension.find((each: { url: string }) => each.url.endsWith('safety-class')).valueCodeableConcept
    .coding[0].code;

describe('safety notes', () => {
  it.each([
    ['DISSOC', 'dissociation', 'E1', 'asap'],
    ['EMSUI', 'emergent-suicidality', 'E0', 'stat'],
    ['UPD', 'routine-update', 'E3', 'routine'],
  ])('%s is %s, %s', (code, reason, safetyClass, priority) => {
    const communication = note(mdm('SN', [obx(code)]));
    expect(communication.reasonCode[0].coding[0].code).toBe(reason);
    expect([classOf(communication), communication.priority]).toEqual([safetyClass, priority]);
  });

  it.each(['XYZ', ''])('an unlisted or missing reason (%s) on a safety document is urgent, never routine', (code) => {
    const mapped = mdm('SN', [obx(code)]);
    expect(classOf(note(mapped))).toBe('E1');
    expect(codes(mapped)).toContain('map.safety-reason-unlisted');
  });

  it('a listed reason makes a note of a document of any type', () =>
    expect(note(mdm('CN', [obx('EMSUI')]))).toBeDefined());

  it.each([
    ['in other case', 'sn', 'XYZ'],
    ['that is missing', '', 'XYZ'],
    ['that is deleted', '""', 'XYZ'],
    ['that is ordinary, with a reason in other case', 'CN', 'emsui '],
  ])('a document type %s does not file a note as routine (H14)', (_title, type, code) => {
    expect(note(mdm(type, [obx(code)]))).toBeDefined();
    const bytes = Buffer.from(text('MDM^T02', ['EVN|T02', PID, `TXA|1|${type}`, obx(code)]));
    expect(classify(inbound(bytes), 'MDM^T02')).toBe('safety');
  });

  it('a partner without safety notes has ordinary documents, whatever their type', () => {
    const txa = 'TXA|1||TX|20260302100000||20260302100500||||||D1^ID|||||LA||AV';
    expect(resources(map(text('MDM^T02', ['EVN|T02', PID, txa, obx('A')]), partner()), 'Communication')).toEqual([]);
  });

  it('the most urgent of several reasons decides', () => {
    expect(classOf(note(mdm('SN', [obx('UPD'), obx('EMSUI')])))).toBe('E0');
  });

  it('another document is a DocumentReference and no note', () => {
    const mapped = mdm('CN', [obx('11488-4')]);
    expect(resources(mapped, 'Communication')).toEqual([]);
    expect(resources(mapped, 'DocumentReference')).toMatchObject([{ status: 'current', docStatus: 'final' }]);
  });

  it('an addendum answers the note it names', () => {
    const [first] = mdm('SN', [obx('DISSOC')]).resources.filter((each) => each.type === 'Communication');
    const answer = map(
      text('MDM^T06', [
        'EVN|T06',
        PID,
        'TXA|1|SN|TX|20260302110000||20260302110500||||||D2^ID|D1^ID||||LA||AV',
        obx('DISSOC'),
      ]),
      clinic,
    );
    expect(note(answer).inResponseTo).toEqual([{ reference: `Communication/${first!.id}` }]);
  });

  it.each(['T03', 'T07', 'T11'])(
    '%s without content leaves reason, class, urgency and text to who stated them',
    (trigger) => {
      const mapped = mdm('SN', [], '', trigger);
      const said = mapped.resources.find((each) => each.type === 'Communication')!;
      const elements = said.elements.map((each) => each.element);
      for (const element of ['priority', 'reasonCode[OBX-3]', 'extension[class]', 'payload[OBX]'])
        expect(elements).not.toContain(element);
      expect(said.defaults).toContainEqual({ element: 'priority', value: 'asap' });
      expect(note(mapped).reasonCode[0].coding[0].code).toBe('unspecified');
      expect(codes(mapped)).toContain('map.safety-reason-unlisted');
    },
  );

  it('TXA-18 raises the labels: ETH is alcohol or drug, not alcohol only; an unknown code is restricted', () => {
    const labels = (value: string) => {
      const txa = `TXA|1|CN|TX|20260302100000||20260302100500||||||D1^ID|||||LA|${value}|AV`;
      const mapped = map(text('MDM^T02', ['EVN|T02', PID, txa, obx('A')]), clinic);
      return mapped.resources.find((each) => each.type === 'DocumentReference')!.labels.map((label) => label.code);
    };
    expect(labels('ETH')).toEqual(['R', 'ETH']);
    expect(labels('PSY')).toEqual(['R', 'PSY']);
    expect(labels('QQ')).toEqual(['R']);
  });
});
