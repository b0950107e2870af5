import { describe, expect, it } from 'vitest';
import { map, PID, resources, text } from './network.ts';

const documents = (trigger: string, number: string, parent = '') =>
  resources(
    map(
      text(`MDM^${trigger}`, [
        `EVN|${trigger}`,
        PID,
        `TXA|1|CN|TX|20260302100000||20260302100500||||||${number}^ID|${parent}||||LA||AV`,
      ]),
    ),
    'DocumentReference',
  );

describe('documents', () => {
  it.each(['T09', 'T10'])('%s makes the document it replaces superseded, and keeps it', (trigger) => {
    const [first] = documents('T01', 'D1');
    const [by, replaced] = documents(trigger, 'D2', 'D1^ID');
    expect([by.status, replaced.status, replaced.id]).toEqual(['current', 'superseded', first.id]);
    expect(by.relatesTo).toEqual([{ code: 'replaces', target: { reference: `DocumentReference/${first.id}` } }]);
  });

  it('a document that names itself as the one it replaces stays current', () =>
    expect(documents('T10', 'D1', 'D1^ID').map((each) => each.status)).toEqual(['current']));

  it.each(['T05', 'T06'])('%s says nothing of the document it appends to', (trigger) =>
    expect(documents(trigger, 'D2', 'D1^ID').map((each) => each.relatesTo[0].code)).toEqual(['appends']),
  );
});
