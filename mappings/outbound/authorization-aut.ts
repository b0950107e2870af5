import type { Extension } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Found, Subject } from '../../src/mapping/outbound/event.ts';
import {
  type FieldValue,
  first,
  type OutRow,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import type { Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, st } from '../../src/mapping/outbound/writers.ts';
import { hubExtension } from '../../src/model/systems.ts';

const AUTHORIZATION = hubExtension('authorization');

/** What a payer authorized for the request, as the inbound AUT keeps it. */
function authorizations(request: Found | undefined): readonly Subject[] {
  return read({ ServiceRequest: request }, 'ServiceRequest.extension')
    .filter(({ value }) => (value as Extension).url === AUTHORIZATION)
    .map((authorization) => ({ authorization }));
}

/** One part of the authorization, written as the element of it that its type holds. */
function part(to: string, url: string, element: string, writer: Writer): OutRow {
  return {
    to,
    from: 'authorization.extension',
    only: (value) => (value as Extension).url === url,
    as: first({
      ...writer,
      uses: ['*'],
      write: ({ value, path }, writing) =>
        writer.write({ value: (value as Record<string, unknown>)[element], path: `${path}.${element}` }, writing),
    }),
  };
}

/** AUT-2 may not be empty: a payer known by its name only goes by that. */
function namedCompany(subject: Subject, writing: Writing): FieldValue | undefined {
  const parts = read(subject, 'authorization.extension');
  const of = (url: string) => parts.find(({ value }) => (value as Extension).url === url);
  const name = (of('companyName')?.value as Extension | undefined)?.valueString;
  if (of('company') !== undefined || name === undefined) return undefined;
  writing.carried(`${of('companyName')?.path}`);
  return [['', name]];
}

/** ServiceRequest's authorization → AUT. Without a payer there is none to name, and the segment is left out. Rule: R45. */
export const AUTHORIZATION_AUT = (requestOf: (scene: Scene) => Found | undefined): SegmentPlan => ({
  segment: 'AUT',
  worth: 'AUT-2',
  each: (scene) => authorizations(requestOf(scene)),
  rows: [
    part('AUT-1', 'plan', 'valueString', { ...st, type: 'CWE' }),
    part('AUT-2', 'company', 'valueCodeableConcept', cwe()),
    { to: 'AUT-2', give: namedCompany, type: 'CWE' },
    part('AUT-3', 'companyName', 'valueString', st),
    part('AUT-4', 'start', 'valueDateTime', dtm),
    part('AUT-5', 'end', 'valueDateTime', dtm),
    part('AUT-6', 'number', 'valueString', { ...st, type: 'EI' }),
    part('AUT-8', 'requested', 'valueDecimal', { ...st, type: 'NM' }),
    part('AUT-9', 'authorized', 'valueDecimal', { ...st, type: 'NM' }),
  ],
  also: ['authorization.url'],
});
