import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal } from '../datatypes/text.ts';
import { conceptAt, nodeOf } from './dosage.ts';
import { named, type OrderGroup } from './order-group.ts';

const DETAILS = new Set(['RXO', 'RXE', 'RXD', 'RXG', 'RXA']);

/**
 * What a compound is made of (RXC), in its order, beside the code: R4 has ingredients on Medication only. As encoded (RXE) where the
 * message has that, else as asked for (RXO). Rule: HL7 v2.5.1 §4.14.3; DOMAIN §D3 (ketamine is diluted).
 */
export function stateComponents(request: Draft, group: OrderGroup, scope: Scope): void {
  const of = (detail: string) => named(group, 'RXC').filter((rxc) => detailOf(rxc, group) === detail);
  const [encoded, asked] = [of('RXE'), of('RXO')];
  const components = (encoded.length > 0 ? encoded : asked).flatMap((rxc) => component(rxc, scope));
  if (components.length > 0) request.snapshot('extension[RXC]', components);
}

const detailOf = (rxc: Segment, { segments }: OrderGroup): string | undefined =>
  segments.findLast(({ index, name }) => index < rxc.index && DETAILS.has(name))?.name;

function component(rxc: Segment, scope: Scope): Json[] {
  const inner: Json[] = [];
  const type = rxc.get(1)?.trim();
  if (type) inner.push({ url: 'type', valueCode: type });
  const item = conceptAt(rxc, 2, scope);
  if (item !== undefined) inner.push({ url: 'item', valueCodeableConcept: item });
  for (const [field, unit, url] of [
    [3, 4, 'amount'],
    [5, 6, 'strength'],
  ] as const) {
    const value = decimal(rxc.get(field)?.trim());
    if (value !== undefined) {
      inner.push({ url, valueQuantity: quantity(value, unitOf(nodeOf(rxc, unit, scope), scope)) as Json });
    }
  }
  return inner.length === 0 ? [] : [{ url: hubExtension('medication-component'), extension: inner }];
}
