import type { Element } from '../../src/hl7/element.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { decimal } from '../datatypes/text.ts';
import { CONDITION_CODES, OCCURRENCE_CODES, SPAN_CODES, VALUE_CODES } from '../tables/charge.ts';

type Read = (repetition: Element, scope: Scope) => Json | undefined;

const text = (repetition: Element, part: number): string | undefined => repetition.get(part)?.trim() || undefined;

/** What a bill says in codes: each repetition of a field as one extension of the account. R4 has them on Claim only. */
const BILLING: readonly {
  readonly segment: string;
  readonly field: number;
  readonly url: string;
  readonly read: Read;
}[] = [
  ...(['UB2-3', 'UB1-7'] as const).map((from) => ({
    segment: from.slice(0, 3),
    field: Number(from.slice(4)),
    url: hubExtension('condition-code'),
    read: (repetition: Element): Json | undefined => {
      const code = text(repetition, 1);
      return code === undefined ? undefined : { valueCoding: { system: CONDITION_CODES, code } };
    },
  })),
  ...(['UB2-6', 'UB1-10'] as const).map((from) => ({
    segment: from.slice(0, 3),
    field: Number(from.slice(4)),
    url: hubExtension('value-code'),
    read: (repetition: Element): Json | undefined => {
      const code = text(repetition, 1);
      const amount = decimal(text(repetition, 2));
      if (code === undefined) return undefined;
      return {
        extension: [
          { url: 'code', valueCoding: { system: VALUE_CODES, code } },
          ...(amount === undefined ? [] : [{ url: 'amount', valueDecimal: amount }]),
        ],
      };
    },
  })),
  { segment: 'UB2', field: 7, url: hubExtension('occurrence-code'), read: dated(OCCURRENCE_CODES, [[2, 'date']]) },
  {
    segment: 'UB2',
    field: 8,
    url: hubExtension('occurrence-span'),
    read: dated(SPAN_CODES, [
      [2, 'start'],
      [3, 'end'],
    ]),
  },
];

function dated(system: string, dates: readonly (readonly [part: number, name: string])[]): Read {
  return (repetition, scope) => {
    const code = text(repetition, 1);
    if (code === undefined) return undefined;
    const extension: Json[] = [{ url: 'code', valueCoding: { system, code } }];
    for (const [part, name] of dates) {
      const at = text(repetition, part);
      const date = at === undefined ? undefined : scope.time(at, 'date');
      if (typeof date === 'string') extension.push({ url: name, valueDate: date });
    }
    return { extension };
  };
}

/** UB2 (before v2.3 UB1) on the account: condition codes (41 partial hospitalization, 92 intensive outpatient), values, occurrences. */
export function stateBilling(account: Draft, scope: Scope): void {
  for (const { segment: name, field, url, read } of BILLING) {
    const found = scope.message.segments(name).flatMap((segment) =>
      segment.repetitions(field).flatMap((repetition): Json[] => {
        scope.place(segment, field);
        const value = read(repetition, scope);
        return value === undefined ? [] : [{ url, ...(value as Record<string, Json>) }];
      }),
    );
    if (found.length > 0) account.snapshot(`extension[${name}-${field}]`, found);
  }
}
