import type { Segment } from '../../src/hl7/tree.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { decimal } from '../datatypes/text.ts';
import { conceptAt } from './dosage.ts';

/** Where a segment has a part of an authorization, under which name, and what it is. */
export type AuthorizationPart = readonly [
  field: number,
  url: string,
  as: 'text' | 'concept' | 'time' | 'count' | 'yesNo',
  component?: number,
];

/** What a payer authorized, as one extension of its parts in their order: of AUT and of IN3. Undefined: it says none. Rule: R45. */
export function authorizationOf(segment: Segment, parts: readonly AuthorizationPart[], scope: Scope): Json | undefined {
  const extension = parts.flatMap((part) => {
    const value = partOf(segment, part, scope);
    return value === undefined ? [] : [{ url: part[1], ...value }];
  });
  return extension.length === 0 ? undefined : { url: hubExtension('authorization'), extension };
}

function partOf(
  segment: Segment,
  [field, , as, component = 1]: AuthorizationPart,
  scope: Scope,
): Record<string, Json> | undefined {
  const text = segment.get(field, 1, component)?.trim();
  scope.place(segment, field);
  switch (as) {
    case 'text':
      return text ? { valueString: text } : undefined;
    case 'concept': {
      const concept = conceptAt(segment, field, scope);
      return concept === undefined ? undefined : { valueCodeableConcept: concept };
    }
    case 'time': {
      const time = text ? scope.time(text, 'dateTime') : undefined;
      return time === undefined ? undefined : { valueDateTime: typeof time === 'string' ? time : time.value };
    }
    case 'count': {
      const count = decimal(text);
      return count === undefined ? undefined : { valueDecimal: count };
    }
    case 'yesNo':
      return text === 'Y' || text === 'N' ? { valueBoolean: text === 'Y' } : undefined;
  }
}
