import type { Bundle, Resource } from '@medplum/fhirtypes';
import { highWaterMark } from '../../fhir/labels.ts';
import { forEachReference, parseReference } from '../../fhir/references.ts';
import type { Context } from '../context.ts';
import { isDirectoryType } from '../directory-types.ts';
import type { FhirResource } from '../engine.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from '../exchange.ts';
import { locationOf, textsOf } from '../present.ts';
import { visibleRow } from '../read-interactions.ts';
import { refuse } from '../refusal.ts';
import { type Row, rowKey } from '../rows.ts';
import { visibleByKey } from '../search-run.ts';
import { writeAll } from '../write.ts';
import { disclosed, executed, type Operation, type Target } from './operation.ts';
import { askedOf } from './parameters.ts';

const REFERENCES_MAX = 2000;

export const DOCUMENT_OPERATIONS: readonly Operation[] = [
  {
    name: 'document',
    definition: 'http://hl7.org/fhir/OperationDefinition/Composition-document',
    types: ['Composition'],
    levels: ['instance'],
    parameters: ['persist'],
    get: true,
    // A body may ask for it too: whether it does is known only after reading it.
    writes: ({ method, query }) =>
      method === 'POST' || query.some(([name, value]) => name === 'persist' && value === 'true'),
    run: document,
  },
];

/**
 * Composition/[id]/$document: the Composition, everything it refers to that the reader may see, and the directory entries those
 * name. What the reader may not see is masked in the references. `persist` stores the Bundle too. Rule: FHIR R4 documents.html.
 */
async function document(context: Context, request: FhirRequest, { id = '' }: Target): Promise<FhirResponse> {
  context.scopes.require('Composition', 'r');
  const row = await visibleRow(context, 'Composition', id);
  if (!row || row.deleted === 1) throw refuse(404, 'not-found', 'no such Composition');
  const composition = JSON.parse((await textsOf(context, [row])).get(row.rid)!) as Resource;
  const { parts, rows } = await referredTo(context, composition);
  const security = highWaterMark([composition, ...parts]);
  const bundle: Bundle = {
    resourceType: 'Bundle',
    ...(security.length > 0 ? { meta: { security } } : {}),
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${context.engine.newId()}` },
    type: 'document',
    timestamp: new Date(context.at).toISOString(),
    entry: [composition, ...parts].map((resource) => ({
      fullUrl: `${context.base}/${resource.resourceType}/${resource.id}`,
      resource,
    })),
  };
  const audit = disclosed(context, [row, ...rows], 'document');
  const access = {
    name: 'document',
    type: 'Composition',
    target: `Composition/${id}`,
    ...(row.person ? { person: row.person } : {}),
  };
  if (!askedOf(context, request).flag('persist'))
    return executed(context, { ...jsonResponse(200, JSON.stringify(bundle)), audit }, access);
  const [written] = await writeAll(context, [
    { action: 'create', type: 'Bundle', id: context.engine.newId(), resource: bundle as unknown as FhirResource },
  ]);
  const stored = written!.row!;
  const text = (await textsOf(context, [stored])).get(stored.rid)!;
  return executed(
    context,
    { ...jsonResponse(200, text, { location: locationOf(context.base, stored) }), audit },
    access,
  );
}

async function referredTo(
  context: Context,
  composition: Resource,
): Promise<{ readonly parts: Resource[]; readonly rows: Row[] }> {
  const all: Row[] = [];
  const found = new Map<string, Resource>([[rowKey(composition.resourceType, composition.id!), composition]]);
  let front: Resource[] = [composition];
  for (const deep of [false, true]) {
    const wanted = new Map<string, { type: string; id: string }>();
    for (const resource of front) {
      forEachReference(resource, ({ reference }) => {
        const parsed = parseReference(reference);
        if (parsed.kind !== 'local' || !context.engine.definitions.isResourceType(parsed.type)) return;
        const key = rowKey(parsed.type, parsed.id);
        if (!found.has(key) && (!deep || isDirectoryType(parsed.type))) wanted.set(key, parsed);
      });
    }
    if (wanted.size + found.size > REFERENCES_MAX)
      throw refuse(422, 'too-costly', 'the document refers to too many resources');
    for (const { type } of wanted.values()) context.scopes.require(type, 'r');
    const rows = await visibleByKey(context, [...wanted.values()]);
    all.push(...rows);
    const texts = await textsOf(context, rows);
    front = rows.map((each) => JSON.parse(texts.get(each.rid)!) as Resource);
    for (const resource of front) found.set(rowKey(resource.resourceType, resource.id!), resource);
  }
  return { parts: [...found.values()].slice(1), rows: all };
}
