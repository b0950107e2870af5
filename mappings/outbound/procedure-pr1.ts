import type { Procedure, ProcedurePerformer } from '@medplum/fhirtypes';
import { cwe, isOfTable, tableCode } from '../../src/mapping/outbound/coded.ts';
import { xcn } from '../../src/mapping/outbound/people.ts';
import { every, first, type OutRow, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { about } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei } from '../../src/mapping/outbound/writers.ts';

/** SNOMED CT function of a performer → the field it has of its own. */
const ANESTHETIST = '88189002';
const SURGEON = '304292004';

const functionOf = (value: unknown): string | undefined =>
  (value as ProcedurePerformer).function?.coding?.map(({ code }) => code).find((code) => code !== undefined);

const performer = (to: string, only: (value: unknown) => boolean): OutRow => ({
  to,
  from: 'Procedure.performer',
  only,
  as: every({
    ...xcn,
    uses: ['*'],
    write: ({ value, path }, writing) =>
      xcn.write({ value: (value as ProcedurePerformer).actor, path: `${path}.actor` }, writing),
  }),
});

const WAS_DONE = ['completed', 'in-progress', 'stopped', 'unknown'];

/** Procedures of the event → PR1. One that was not done, or was stated in error, is not told as done. */
export const PROCEDURE_PR1: SegmentPlan = {
  segment: 'PR1',
  worth: 'PR1-3',
  // Before 2.4 PR1-6 had to say what the procedure was for, which R4 does not.
  since: '2.4',
  each: (scene) =>
    scene
      .all('Procedure')
      .filter(({ value }) => {
        const { status, performedDateTime, performedPeriod } = value as Procedure;
        return WAS_DONE.includes(status) && (performedDateTime ?? performedPeriod?.start) !== undefined;
      })
      .flatMap(about),
  rows: [
    { to: 'PR1-1', give: (_, { index }) => [[`${index}`]] },
    { to: 'PR1-3', from: 'Procedure.code', as: first(cwe('0088')) },
    { to: 'PR1-5', from: 'Procedure.performedDateTime', as: first(dtm) },
    { to: 'PR1-5', from: 'Procedure.performedPeriod.start', as: first(dtm) },
    { to: 'PR1-6', from: 'Procedure.category', only: isOfTable('0230'), as: first(tableCode('0230')) },
    performer('PR1-8', (value) => functionOf(value) === ANESTHETIST),
    performer('PR1-11', (value) => functionOf(value) === SURGEON),
    performer('PR1-12', (value) => ![ANESTHETIST, SURGEON].includes(functionOf(value) ?? '')),
    { to: 'PR1-15', from: 'Procedure.reasonCode', as: first(cwe()) },
    { to: 'PR1-19', from: 'Procedure.identifier', as: first(ei), since: '2.6' },
  ],
  also: ['Procedure.subject', 'Procedure.encounter', 'Procedure.status'],
};
