import type { Quantity, Range } from '@medplum/fhirtypes';
import type { Node } from '../../src/mapping/node.ts';
import type { DataMap } from '../../src/mapping/row.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { codingSystem } from '../tables/coding-system.ts';
import { codeText, decimal } from './text.ts';

const UCUM = 'http://unitsofmeasure.org';

/** Units that senders write without saying that they are UCUM, or nearly in UCUM. */
const KNOWN: Readonly<Record<string, string>> = {
  mg: 'mg',
  g: 'g',
  kg: 'kg',
  mcg: 'ug',
  ug: 'ug',
  ng: 'ng',
  ml: 'mL',
  l: 'L',
  dl: 'dL',
  'mg/kg': 'mg/kg',
  'mg/ml': 'mg/mL',
  'mg/dl': 'mg/dL',
  'mmol/l': 'mmol/L',
  'ng/ml': 'ng/mL',
  '%': '%',
  mmhg: 'mm[Hg]',
  'mm[hg]': 'mm[Hg]',
  'mm hg': 'mm[Hg]',
  '/min': '/min',
  bpm: '/min',
  'beats/min': '/min',
  'breaths/min': '/min',
  cel: 'Cel',
  c: 'Cel',
  degc: 'Cel',
  '[degf]': '[degF]',
  degf: '[degF]',
  cm: 'cm',
  m: 'm',
  '[in_i]': '[in_i]',
  '[lb_av]': '[lb_av]',
  'kg/m2': 'kg/m2',
  min: 'min',
  h: 'h',
  hr: 'h',
  d: 'd',
  day: 'd',
  s: 's',
  sec: 's',
  '{score}': '{score}',
  '1': '1',
};

/** Unit of a CWE: as UCUM where it is, else as the sender's own words and code. */
export function unitOf(node: Node | undefined, scope: Scope): Pick<Quantity, 'unit' | 'system' | 'code'> {
  const code = codeText(node?.get(1));
  if (node === undefined || code === undefined) {
    const text = node?.get(2) ?? node?.get(9);
    return text === undefined ? {} : { unit: text };
  }
  const unit = node.get(2) ?? code;
  const system = node.get(3);
  const own = scope.partner.codeTables.units?.[code];
  if (own !== undefined) return { unit, system: own.system, code: own.code };
  if (system !== undefined && codingSystem(system) === UCUM) return { unit, system: UCUM, code };
  const known = KNOWN[code.toLowerCase()];
  if (known !== undefined && (system === undefined || !codingSystem(system)))
    return { unit, system: UCUM, code: known };
  const uri = system === undefined ? undefined : codingSystem(system);
  return uri === undefined ? { unit } : { unit, system: uri, code };
}

export function quantity(
  value: number,
  unit: Pick<Quantity, 'unit' | 'system' | 'code'>,
  comparator?: string,
): Quantity {
  return {
    value,
    ...(comparator !== undefined && { comparator: comparator as NonNullable<Quantity['comparator']> }),
    ...unit,
  };
}

/** Text such as `<5`, `>=10`, `120` as Quantity; undefined when it is no number. */
export function measured(text: string, unit: Pick<Quantity, 'unit' | 'system' | 'code'>): Quantity | undefined {
  const found = /^(<=|>=|<|>)?\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))$/.exec(text.trim());
  if (found === null) return undefined;
  return quantity(Number(found[2]), unit, found[1]);
}

/** CQ: amount and unit. */
export function cq(node: Node, scope: Scope): Quantity | undefined {
  const value = decimal(node.get(1));
  return value === undefined ? undefined : quantity(value, unitOf(node.part(2), scope));
}

/** Two bounds as Range; either may be missing. Undefined when they are the wrong way round. */
export function range(
  low: number | undefined,
  high: number | undefined,
  unit: Pick<Quantity, 'unit' | 'system' | 'code'>,
): Range | undefined {
  if (low === undefined && high === undefined) return undefined;
  if (low !== undefined && high !== undefined && low > high) return undefined;
  return {
    ...(low !== undefined && { low: quantity(low, unit) }),
    ...(high !== undefined && { high: quantity(high, unit) }),
  };
}

/** CQ as SimpleQuantity. */
export const simpleQuantity: DataMap = {
  name: 'CQ[Quantity]',
  parts: [1, 2],
  read: (node, scope) => cq(node, scope) as Json | undefined,
};
