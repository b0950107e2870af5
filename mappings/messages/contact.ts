import type { Segment } from '../../src/hl7/tree.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { conceptOf, translatedConcept } from '../datatypes/coded.ts';
import { addressOf, contactPoint, humanName } from '../datatypes/person.ts';
import { REFERRAL_ROLE } from '../tables/provider.ts';

/** Whom to ask on the side of each provider (PRD) or payer (AUT), one extension for each CTD. Rule: HL7 v2.5.1 §11.6.4; H19. */
export function contactsOf(scope: Scope): Json[] {
  return scope.message.segments('CTD').flatMap((ctd) => {
    const values = (field: number, url: string, type: string, read: (node: Node) => unknown): Json[] => {
      scope.place(ctd, field);
      return ctd.repetitions(field).flatMap((repetition) => {
        if (!repetition.hasContent || repetition.isDelete) return [];
        const value = read(new Node(repetition));
        return value === undefined ? [] : [{ url, [type]: value } as Json];
      });
    };
    const who = [
      ...values(2, 'name', 'valueHumanName', (node) => humanName(node, scope)),
      ...values(3, 'address', 'valueAddress', (node) => addressOf(node, scope)),
      ...values(5, 'telecom', 'valueContactPoint', (node) => contactPoint(node, scope, 'work')),
    ];
    if (who.length === 0) {
      scope.place(ctd, 2);
      scope.issue('map.key-missing', 'a contact without name, address or telephone is not carried');
      return [];
    }
    const role = values(1, 'role', 'valueCodeableConcept', (node) => conceptOf(node, scope, '0131'));
    return [{ url: hubExtension('contact'), extension: [...sideOf(ctd, scope), ...role, ...who] }];
  });
}

/** PRD-1 of the provider before it; after an AUT it is the payer's. */
function sideOf(ctd: Segment, scope: Scope): Json[] {
  const before = scope.message
    .segments()
    .slice(0, ctd.index)
    .findLast(({ name }) => name === 'PRD' || name === 'AUT');
  if (before === undefined) return [];
  if (before.name === 'AUT') return [{ url: 'of', valueCodeableConcept: { text: 'Payer' } }];
  scope.place(before, 1);
  const element = before.field(1).repetition(1);
  const concept = element.hasContent ? translatedConcept(new Node(element), scope, REFERRAL_ROLE) : undefined;
  return concept === undefined ? [] : [{ url: 'of', valueCodeableConcept: concept as unknown as Json }];
}
