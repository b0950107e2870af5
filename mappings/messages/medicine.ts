import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { organizationOf } from '../datatypes/directory.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal } from '../datatypes/text.ts';
import { conceptAt, nodeOf } from './dosage.ts';

/** Fields of a segment that say which medicine it was. */
export interface MedicineFields {
  readonly code: number;
  readonly form: number;
  readonly strength: number;
  readonly strengthUnit: number;
  readonly lot: number;
  readonly expires: number;
  readonly maker: number;
}

/** Product, form, strength and lot, as a contained Medication: each device has its own lot. */
export function stateMedicine(segment: Segment, at: MedicineFields, draft: Draft, scope: Scope): void {
  const code = conceptAt(segment, at.code, scope);
  const lot = segment.get(at.lot)?.trim();
  const expires = segment.get(at.expires)?.trim();
  const form = conceptAt(segment, at.form, scope);
  const maker = nodeOf(segment, at.maker, scope);
  const strong = decimal(segment.get(at.strength)?.trim());
  const batch: Record<string, Json> = {};
  if (lot) batch.lotNumber = lot;
  scope.place(segment, at.expires);
  const date = expires ? scope.time(expires, 'date') : undefined;
  if (typeof date === 'string') batch.expirationDate = date;
  const manufacturer = maker === undefined ? undefined : organizationOf(makerNode(maker), scope);
  const held: Record<string, Json> = { resourceType: 'Medication', id: 'medication' };
  if (code !== undefined) held.code = code;
  if (manufacturer !== undefined) held.manufacturer = manufacturer as Json;
  if (form !== undefined) held.form = form;
  if (strong !== undefined) {
    held.extension = [
      {
        url: hubExtension('medication-strength'),
        valueQuantity: quantity(strong, unitOf(nodeOf(segment, at.strengthUnit, scope), scope)) as Json,
      },
    ];
  }
  if (Object.keys(batch).length > 0) held.batch = batch;
  draft.snapshot('contained[medication]', [held]);
  draft.set('medicationReference', { reference: '#medication' });
}

/** The manufacturer (RXA-17, RXD-20) is a CWE: its words are the manufacturer's name. */
function makerNode(maker: Node): Node {
  const named = maker.get(2) ?? maker.get(1);
  return { get: (part: number) => (part === 1 ? named : undefined), part: () => maker.part(99) } as unknown as Node;
}
