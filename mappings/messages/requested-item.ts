import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal } from '../datatypes/text.ts';
import { conceptAt, nodeOf } from './dosage.ts';
import { named, type OrderGroup } from './order-group.ts';

/**
 * What a diet order (ODS) or a requisition (RQD) is for: the first as `code`, further ones as `orderDetail`, so that none is lost. The
 * quantity is stated of a single item only. Rule: HL7 v2.5.1 §4.7, §4.11.
 */
export function stateRequestedItems(group: OrderGroup, request: Draft, scope: Scope): void {
  const items = [...diets(group, scope), ...requisitions(group, scope)];
  const [code, ...further] = items;
  if (code !== undefined) request.set('code', code);
  if (further.length > 0) request.snapshot('orderDetail[items]', further);
  amount(group, request, scope);
  const words = named(group, 'ODS').flatMap((ods) => {
    scope.place(ods, 4);
    return ods.repetitions(4).flatMap((repetition) => new Node(repetition).text ?? []);
  });
  if (words.length > 0)
    request.snapshot(
      'note[ODS-4]',
      words.map((text) => ({ text })),
    );
}

const diets = (group: OrderGroup, scope: Scope): Json[] =>
  named(group, 'ODS').flatMap((ods) => {
    scope.place(ods, 3);
    return ods.repetitions(3).flatMap((repetition) => {
      const concept = conceptOf(new Node(repetition), scope);
      return concept === undefined ? [] : [concept as unknown as Json];
    });
  });

const requisitions = (group: OrderGroup, scope: Scope): Json[] =>
  named(group, 'RQD').flatMap(
    (rqd) => conceptAt(rqd, 2, scope) ?? conceptAt(rqd, 3, scope) ?? conceptAt(rqd, 4, scope) ?? [],
  );

function amount(group: OrderGroup, request: Draft, scope: Scope): void {
  const [rqd, another] = named(group, 'RQD');
  if (rqd === undefined) return;
  scope.place(rqd, 5);
  if (another !== undefined) {
    scope.issue('map.unmapped', 'the quantities of several items of one order are not carried');
    return;
  }
  const value = decimal(rqd.get(5)?.trim());
  if (value !== undefined)
    request.set('quantityQuantity', quantity(value, unitOf(nodeOf(rqd, 6, scope), scope)) as Json);
}
