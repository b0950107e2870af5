import { expect, it } from 'vitest';
import { unmask } from '../../../src/server/mask.ts';

const MASK = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
};
const to = (reference: string) => ({ reference });
const plan = (...references: readonly object[]) => ({
  resourceType: 'CarePlan' as const,
  id: 'p',
  meta: { versionId: '1', lastUpdated: '2026-01-01T00:00:00Z' },
  activity: references.map((reference) => ({ reference })),
});

const stored = plan(to('Task/a'), to('Task/hidden'), to('Task/c'));
const view = plan(to('Task/a'), MASK, to('Task/c'));

it('what is written back in its place is restored, and what is left out is taken out', () => {
  expect(unmask(plan(to('Task/b'), MASK), stored, view)).toEqual(plan(to('Task/b'), to('Task/hidden')));
  expect(unmask(plan(to('Task/a')), stored, view)).toEqual(plan(to('Task/a')));
});

it('a mask that moved never becomes another reference', () => {
  expect(unmask(plan(MASK, to('Task/c')), stored, view)).toBeUndefined();
  expect(unmask(plan(to('Task/a'), MASK, MASK), stored, view)).toBeUndefined();
});

it('one of an older view never takes the place of what may be seen now', () => {
  expect(unmask(view, stored, undefined)).toBeUndefined();
});

it('what somebody else masked is stored as it is', () => {
  const own = { ...plan(to('Task/a')), title: 'x', author: MASK };
  expect(unmask(own, plan(to('Task/a')), undefined)).toEqual(own);
  expect(unmask(own, own, undefined)).toEqual(own);
});
