import type { Segment } from '../../src/hl7/tree.ts';
import { nationalSystem } from '../../src/mapping/authority.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { translatedConcept } from '../datatypes/coded.ts';
import { organizationOf } from '../datatypes/directory.ts';
import { identifierType } from '../datatypes/identifier.ts';
import { addressOf, contactPoint, humanName } from '../datatypes/person.ts';
import { codeText } from '../datatypes/text.ts';
import { organizationKey, practitionerKey } from '../keys.ts';
import { REFERRAL_ROLE } from '../tables/provider.ts';

export interface Party {
  /** PRD-1: RP referring, RT referred to, PP primary care, CP consulting … one Party per role. */
  readonly role: string;
  readonly concept: Json;
  readonly reference: { readonly reference?: string; readonly display?: string };
  /** Organization id of the partner that PRD-10 names, when it is one. */
  readonly partner: string | undefined;
}

/** The providers of PRD segments, once per role. */
export function partiesOf(scope: Scope): Party[] {
  const parties: Party[] = [];
  for (const prd of scope.message.segments('PRD')) {
    const reference = facility(prd, scope) ?? person(prd, scope) ?? organizationAt(prd, scope);
    if (reference === undefined) {
      scope.place(prd, 2);
      scope.issue('map.key-missing', 'a provider without name, id or organization is not carried');
      continue;
    }
    for (const repetition of prd.repetitions(1)) {
      scope.place(prd, 1);
      const node = new Node(repetition);
      const role = node.get(1);
      const concept = translatedConcept(node, scope, REFERRAL_ROLE);
      if (role === undefined || concept === undefined) continue;
      parties.push({ role, concept: concept as unknown as Json, reference, partner: partnerNamed(prd, scope) });
    }
  }
  return parties;
}

/** PRD-7 of type FAC names an organization, even where PRD-2 spells it like a person's name. */
function facility(prd: Segment, scope: Scope): Party['reference'] | undefined {
  const element = prd.repetitions(7).find((repetition) => repetition.get(2)?.trim() === 'FAC');
  const value = element?.get(1)?.trim();
  if (!value) return undefined;
  const name = [1, 2]
    .map((part) => prd.get(2, 1, part)?.trim())
    .filter((text) => !!text)
    .join(' ');
  const partner = scope.context.partners.find(
    ({ id, senders }) => id === value || senders.some((sender) => sender.facility === value),
  );
  if (partner !== undefined) return { reference: `Organization/${partner.organization}`, display: partner.name };
  const system = scope.authority(element?.get(3)?.trim() ?? 'FAC')?.system;
  if (system === undefined) return undefined;
  const draft = scope.draft(organizationKey(scope.owner, { system, value }));
  draft.snapshot('identifier', [{ system, value }]);
  if (name !== '') draft.set('name', name);
  return name === '' ? draft.reference : { ...draft.reference, display: name };
}

function person(prd: Segment, scope: Scope): Party['reference'] | undefined {
  const nameElement = prd.field(2).repetition(1);
  scope.place(prd, 2);
  const name = nameElement.hasContent ? humanName(new Node(nameElement), scope) : undefined;
  const display =
    name === undefined
      ? undefined
      : [...(name.prefix ?? []), ...(name.given ?? []), name.family].filter(Boolean).join(' ');
  const identifiers = identifiersOf(prd, scope);
  const [first] = identifiers;
  if (first === undefined) return display === undefined ? undefined : { display };
  const draft = scope.draft(practitionerKey(scope.owner, first));
  draft.snapshot(
    'identifier',
    identifiers.map(({ type, ...rest }) => ({
      ...(type !== undefined && { type: identifierType(type) as unknown as Json }),
      ...rest,
    })),
  );
  if (name !== undefined) draft.snapshot('name', [name as unknown as Json]);
  const list = (field: number, read: (node: Node) => unknown, element: string) => {
    scope.place(prd, field);
    const values = prd
      .repetitions(field)
      .map((repetition) => read(new Node(repetition)))
      .filter((value) => value !== undefined);
    if (values.length > 0) draft.snapshot(`${element}[PRD]`, values as Json[]);
  };
  list(3, (node) => addressOf(node, scope), 'address');
  list(5, (node) => contactPoint(node, scope, 'work'), 'telecom');
  return display === undefined ? draft.reference : { ...draft.reference, display };
}

/** PRD-7 (PLN): number, type. NPI and other national types have their own system. */
function identifiersOf(prd: Segment, scope: Scope): { system: string; value: string; type: string | undefined }[] {
  return prd.repetitions(7).flatMap((repetition) => {
    const node = new Node(repetition);
    const value = node.get(1);
    if (value === undefined) return [];
    const type = codeText(node.get(2));
    const system = nationalSystem(type) ?? scope.authority(node.get(3) ?? type)?.system;
    return system === undefined ? [] : [{ system, value, type }];
  });
}

function organizationAt(prd: Segment, scope: Scope): Party['reference'] | undefined {
  const element = prd.field(10).repetition(1);
  if (!element.hasContent) return undefined;
  scope.place(prd, 10);
  return organizationOf(new Node(element), scope) as Party['reference'] | undefined;
}

function partnerNamed(prd: Segment, scope: Scope): string | undefined {
  const names = [prd.get(7)?.trim(), prd.get(10)?.trim(), prd.get(10, 1, 10)?.trim(), prd.get(10, 1, 3)?.trim()];
  return scope.context.partners.find(
    (partner) =>
      names.includes(partner.name) ||
      names.includes(partner.id) ||
      partner.senders.some((sender) => sender.facility !== undefined && names.includes(sender.facility)),
  )?.organization;
}
