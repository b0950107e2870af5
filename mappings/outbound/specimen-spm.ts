import { cwe } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { every, type FieldValue, first, type SegmentPlan, type Writing } from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei, st } from '../../src/mapping/outbound/writers.ts';

/** EIP: the number of whoever took the specimen, then that of the laboratory. */
function numbers(subject: Subject, writing: Writing): FieldValue | undefined {
  const of = (type: string) =>
    read(subject, 'Specimen.identifier').find(({ value }) =>
      (value as { type?: { coding?: { code?: string }[] } }).type?.coding?.some(({ code }) => code === type),
    );
  const written = [of('PLAC'), of('FILL')].map((found) => {
    const parts = found === undefined ? undefined : ei.write(found, writing);
    if (found !== undefined && parts !== undefined) writing.carried(found.path);
    return (parts ?? []).map((part) => (typeof part === 'string' ? part : part.join('')));
  });
  return written.every((parts) => parts.length === 0) ? undefined : [written];
}

export const specimensOf = (scene: Scene, report: Entry | undefined): readonly Entry[] =>
  ((element(report, 'specimen') ?? []) as unknown[])
    .map((reference) => scene.at(reference))
    .filter((one): one is Entry => one?.value.resourceType === 'Specimen');

/** Specimens of a report → SPM, which 2.5 brought. */
export const SPECIMEN_SPM: SegmentPlan = {
  segment: 'SPM',
  worth: 'SPM-4',
  since: '2.5',
  each: (scene, { panel }) => specimensOf(scene, panel as Entry | undefined).map((Specimen) => ({ Specimen })),
  rows: [
    { to: 'SPM-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'SPM-2', give: numbers, type: 'EIP' },
    { to: 'SPM-4', from: 'Specimen.type', as: first(cwe('0487')) },
    { to: 'SPM-7', from: 'Specimen.collection.method', as: first(cwe('0488')) },
    { to: 'SPM-8', from: 'Specimen.collection.bodySite', as: first(cwe()) },
    { to: 'SPM-14', from: 'Specimen.note.text', as: every(st) },
    { to: 'SPM-17', from: 'Specimen.collection.collectedDateTime', as: first(dtm) },
    { to: 'SPM-18', from: 'Specimen.receivedTime', as: first(dtm) },
    { to: 'SPM-24', from: 'Specimen.condition', as: every(cwe('0493')) },
  ],
  also: ['Specimen.subject', 'Specimen.status'],
};
