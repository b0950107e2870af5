import type { Bundle, BundleEntry, Identifier, Resource } from '@medplum/fhirtypes';
import { forEachReference, parseReference } from '../../fhir/references.ts';
import type { MirrorTransport } from '../../model/partner.ts';
import { localUrl, nameOf, RESOURCE_IDENTIFIER, withHubIdentifier } from './fhir-identity.ts';
import { withoutServerMeta } from './render-fhir.ts';

type Plan = Pick<MirrorTransport, 'types' | 'update'>;

/**
 * One released resource as a transaction that makes a mirror hold it, however often it comes. What it refers to and the mirror does not
 * hold yet goes along and is only created; what it holds (`known`) is referred to; any other target is named and not linked.
 * A Part 2 notice and the consents of a disclosure go along too. Pure: the same input, the same bytes.
 * Rule: FHIR R4 http.html#trules, references.html#conditional, 42 CFR 2.32.
 */
export function renderMirror(subject: string, released: Bundle, plan: Plan, known: ReadonlySet<string>): Uint8Array {
  const all = (released.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
  const isDisclosure = all.some(({ id }) => id === undefined);
  const goes = (resource: Resource): boolean => {
    const name = nameOf(resource);
    if (name === subject || resource.id === undefined) return true;
    if (isDisclosure && resource.resourceType === 'Consent') return !known.has(name);
    return plan.types.includes(resource.resourceType) && !known.has(name);
  };
  const going = all.filter(goes);
  const links = new Map<string, string>();
  for (const each of all)
    if (known.has(nameOf(each))) links.set(nameOf(each), plan.update === 'by-id' ? nameOf(each) : conditional(each));
  for (const each of going)
    links.set(nameOf(each), plan.update === 'by-id' && each.id !== undefined ? nameOf(each) : localUrl(nameOf(each)));
  return transaction(going.map((each) => entryOf(linked(each, links), nameOf(each) === subject, plan)));
}

/** Takes a resource away that the mirror holds. `last`: as it stood before it was deleted. */
export function renderRemoval(last: Resource, { update }: Plan): Uint8Array {
  const url = update === 'by-id' ? nameOf(last) : conditional(last);
  return transaction([{ request: { method: 'DELETE', url } }]);
}

function transaction(entry: BundleEntry[]): Uint8Array {
  const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction', entry };
  return Buffer.from(JSON.stringify(bundle), 'utf8');
}

const conditional = (resource: Resource): string => `${resource.resourceType}?${withHubIdentifier(resource).criterion}`;

function entryOf(resource: Resource, isSubject: boolean, { update }: Plan): BundleEntry {
  const plain = withoutServerMeta(resource);
  const type = plain.resourceType;
  if (update === 'by-id' && plain.id !== undefined)
    return { fullUrl: localUrl(nameOf(plain)), resource: plain, request: { method: 'PUT', url: nameOf(plain) } };
  const { written, criterion } = withHubIdentifier(plain);
  const { id: _id, ...content } = written;
  return {
    fullUrl: localUrl(nameOf(plain)),
    resource: content as Resource,
    request: isSubject
      ? { method: 'PUT', url: `${type}?${criterion}` }
      : { method: 'POST', url: type, ifNoneExist: criterion },
  };
}

/** A link that would lead nowhere is left out; what names the target stays. */
function linked(resource: Resource, links: ReadonlyMap<string, string>): Resource {
  const copy = structuredClone(resource);
  forEachReference(copy, (reference) => {
    const parsed = parseReference(reference.reference);
    if (parsed.kind !== 'local') return;
    const link = links.get(`${parsed.type}/${parsed.id}`);
    if (link !== undefined) {
      reference.reference = link;
      return;
    }
    const loose: { reference?: string; type?: string; identifier?: Identifier } = reference as object;
    delete loose.reference;
    loose.type ??= parsed.type;
    loose.identifier ??= { system: RESOURCE_IDENTIFIER, value: parsed.id };
  });
  return copy;
}
