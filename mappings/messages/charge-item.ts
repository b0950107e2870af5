import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { NaturalKey } from '../../src/model/assertion.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { eiKey } from '../datatypes/identifier.ts';
import { annotationOf } from '../datatypes/note.ts';
import { cq } from '../datatypes/quantity.ts';
import { decimal, putTime } from '../datatypes/text.ts';
import { chargeItemKey } from '../keys.ts';
import { FT1_CHARGE } from '../segments/charge.ts';
import { REVENUE_CODES, TRANSACTION_TYPE } from '../tables/charge.ts';
import { codeKey } from './clinical.ts';
import { conceptAt, nodeOf } from './dosage.ts';

/** What an FT1 hangs on. */
export interface ChargeContext {
  readonly patient: Draft;
  readonly encounter: Draft | undefined;
  readonly account: Draft | undefined;
  /** Procedures and observations of the same transaction (PR1, OBX after the FT1). */
  readonly services: readonly Draft[];
  readonly notes: readonly Segment[];
}

/**
 * FT1 → ChargeItem. A credit (CD) states that the charge it names is taken back, and nothing else of it: the charge keeps its own
 * quantity and price, whichever of the two arrives first. A payment is no charge. Rule: DOMAIN §C1 DFT, H15.
 */
export function stateCharge(ft1: Segment, context: ChargeContext, scope: Scope): void {
  const kind = kindOf(ft1, scope);
  if (kind === 'money') return;
  const code = chargeCode(ft1, scope);
  const key = keyOf(ft1, code, kind === 'credit', context.patient, scope);
  if (key === undefined || (code === undefined && kind === 'charge')) {
    scope.place(ft1, code === undefined ? 7 : 2);
    scope.issue('map.key-missing', 'a charge without a code, or a credit that names no charge, is not carried');
    return;
  }
  const charge = scope.draft(key, context.patient.id);
  charge.set('subject', context.patient.reference);
  if (kind === 'credit') credit(ft1, code, charge);
  else full(ft1, code!, charge, context, scope);
}

function kindOf(ft1: Segment, scope: Scope): 'charge' | 'credit' | 'money' {
  const type = ft1.get(6)?.trim().toUpperCase() ?? '';
  const kind = TRANSACTION_TYPE[type];
  scope.place(ft1, 6);
  if (kind === undefined) {
    scope.issue('map.code-unmapped', 'neither charge nor credit: taken as a charge whose status is unknown');
    return 'charge';
  }
  if (kind === 'money') scope.issue('map.not-carried', 'a payment or adjustment is no charge', 'information');
  return kind;
}

/**
 * FT1-2 where there is one, of a credit FT1-31; else the filler order, what was charged and the day. One order has many charges (each
 * day of a program), so the order alone is no key.
 */
function keyOf(
  ft1: Segment,
  code: Json | undefined,
  isCredit: boolean,
  patient: Draft,
  scope: Scope,
): NaturalKey | undefined {
  const own = ft1.get(2)?.trim();
  const reversed = isCredit ? ft1.get(31)?.trim() : undefined;
  const order = nodeOf(ft1, 23, scope);
  const filler = order === undefined ? undefined : eiKey(order, scope);
  const day = ft1.get(4)?.trim().slice(0, 8);
  if (reversed) return chargeItemKey(scope.owner, patient.id, reversed);
  if (own) {
    if (isCredit) {
      scope.place(ft1, 31);
      scope.issue(
        'map.credit-unreferenced',
        'the credit names no other charge: it takes back the one of its own number',
      );
    }
    return chargeItemKey(scope.owner, patient.id, own);
  }
  if (code === undefined) return undefined;
  return filler === undefined
    ? chargeItemKey(scope.owner, patient.id, day, codeKey(code))
    : chargeItemKey(scope.owner, filler.system, filler.value, day, codeKey(code));
}

type Concept = { coding?: Json[]; text?: string };

/** FT1-7 is the sender's own code of what FT1-25 names; FT1-41 the revenue code of the same line. */
function chargeCode(ft1: Segment, scope: Scope): Json | undefined {
  const charged = conceptAt(ft1, 7, scope) as Concept | undefined;
  const procedure = conceptAt(ft1, 25, scope) as Concept | undefined;
  const revenue = ft1.get(41)?.trim();
  const coding = [...(charged?.coding ?? []), ...(procedure?.coding ?? [])];
  if (revenue) coding.push({ system: REVENUE_CODES, code: revenue });
  const text = charged?.text ?? procedure?.text ?? ft1.get(8)?.trim();
  if (coding.length === 0 && !text) return undefined;
  const distinct = [...new Map(coding.map((each) => [JSON.stringify(each), each])).values()];
  return { ...(distinct.length > 0 && { coding: distinct }), ...(text && { text }) };
}

function credit(ft1: Segment, code: Json | undefined, charge: Draft): void {
  charge.set('status', 'aborted');
  if (code !== undefined) charge.default('code', code);
  const quantity = decimal(ft1.get(10)?.trim());
  const own = ft1.get(2)?.trim();
  const parts: Json[] = [];
  if (own) parts.push({ url: 'transaction', valueString: own });
  if (quantity !== undefined) parts.push({ url: 'quantity', valueDecimal: Math.abs(quantity) });
  if (parts.length > 0) charge.snapshot('extension[credit]', [{ url: hubExtension('credited'), extension: parts }]);
}

function full(ft1: Segment, code: Json, charge: Draft, context: ChargeContext, scope: Scope): void {
  const { encounter, account, services } = context;
  if (encounter !== undefined) charge.set('context', encounter.reference);
  if (account !== undefined) charge.snapshot('account[PID-18]', [account.reference]);
  charge.set('code', code);
  charge.set('status', ft1.get(6)?.trim().toUpperCase() === 'CG' ? 'billable' : 'unknown');
  scope.apply(FT1_CHARGE, ft1, charge);
  const transaction = ft1.get(2)?.trim();
  if (transaction) charge.snapshot('identifier[FT1-2]', [{ value: transaction }]);
  occurrence(ft1, charge, scope);
  amounts(ft1, charge, scope);
  if (services.length > 0)
    charge.snapshot(
      'service[FT1]',
      services.map((each) => each.reference),
    );
  const notes = context.notes.flatMap((nte) => annotationOf(nte, scope) ?? []);
  if (notes.length > 0) charge.snapshot('note[NTE]', notes);
}

function occurrence(ft1: Segment, charge: Draft, scope: Scope): void {
  const [start, end] = [ft1.get(4, 1, 1)?.trim(), ft1.get(4, 1, 2)?.trim()];
  scope.place(ft1, 4);
  if (start && end && end !== start) {
    const period: Record<string, unknown> = {};
    putTime(period, 'start', scope.time(start, 'dateTime'), scope);
    putTime(period, 'end', scope.time(end, 'dateTime'), scope);
    if (Object.keys(period).length > 0) charge.set('occurrencePeriod', period as Json);
  } else if (start) charge.set('occurrenceDateTime', scope.time(start, 'dateTime'));
}

/** CP: price and currency in its first component. Only FT1-11 is the price of the whole; the others are of one. */
function amounts(ft1: Segment, charge: Draft, scope: Scope): void {
  const count = decimal(ft1.get(10)?.trim());
  if (count !== undefined) charge.set('quantity', { value: count });
  const total = money(ft1, 11);
  if (total !== undefined) charge.set('priceOverride', total);
  for (const [field, name] of [
    [12, 'unit-price'],
    [22, 'unit-cost'],
  ] as const) {
    const each = money(ft1, field);
    if (each !== undefined) charge.snapshot(`extension[FT1-${field}]`, [{ url: hubExtension(name), valueMoney: each }]);
  }
  const amount = nodeOf(ft1, 43, scope);
  const product = amount === undefined ? undefined : cq(amount, scope);
  if (product !== undefined) {
    charge.snapshot('extension[FT1-43]', [
      { url: hubExtension('product-quantity'), valueQuantity: product as unknown as Json },
    ]);
  }
}

function money(ft1: Segment, field: number): Json | undefined {
  const value = decimal(ft1.get(field, 1, 1, 1)?.trim());
  if (value === undefined) return undefined;
  // Before v2.3 the currency is the second component, not the second part of the first.
  const currency = ft1.get(field, 1, 1, 2)?.trim() ?? ft1.get(field, 1, 2)?.trim();
  return { value, ...(currency !== undefined && /^[A-Z]{3}$/.test(currency) && { currency }) };
}
