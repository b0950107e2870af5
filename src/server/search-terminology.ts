import { type CodeSystemTable, expandValueSet } from '../fhir/expand.ts';
import type { Context } from './context.ts';
import { ReaderTerminology } from './operations/terminology-source.ts';
import { refuse } from './refusal.ts';
import { type AnyCondition, type Condition, escapeValue, splitEscaped, unescapeValue } from './search-request.ts';

/** More codes than this are not looked for one by one. */
const CODES_MAX = 5000;

/**
 * Conditions in which `:in`, `:not-in`, `:above` and `:below` of codes stand as the codes they mean, by the value sets and code
 * systems held here, built in and stored. What is not held whole is refused: an answer would be a guess. Rule: FHIR R4 search.html#token.
 */
export async function withCodes(context: Context, conditions: readonly AnyCondition[]): Promise<AnyCondition[]> {
  return Promise.all(conditions.map((condition) => resolved(context, condition)));
}

async function resolved(context: Context, condition: AnyCondition): Promise<AnyCondition> {
  switch (condition.kind) {
    case 'chain': {
      const targets = await Promise.all(
        condition.targets.map(async (target) => ({ ...target, condition: await resolved(context, target.condition) })),
      );
      return { ...condition, targets };
    }
    case 'reverse':
      return { ...condition, condition: await resolved(context, condition.condition) };
    case 'value':
      return condition.parameter.type === 'token' ? resolvedToken(context, condition) : condition;
  }
}

async function resolvedToken(context: Context, condition: Condition): Promise<Condition> {
  const { modifier, values, ...rest } = condition;
  if (modifier === 'in' || modifier === 'not-in') {
    const codes = (await Promise.all(values.map((value) => codesOfSet(context, unescapeValue(value))))).flat();
    return { ...rest, values: limited(codes), ...(modifier === 'not-in' ? { modifier: 'not' } : {}) };
  }
  if (modifier === 'above' || modifier === 'below') {
    const codes = (await Promise.all(values.map((value) => related(context, modifier, value)))).flat();
    return { ...rest, values: limited(codes) };
  }
  return condition;
}

interface Code {
  readonly system: string;
  readonly code: string;
}

function limited(codes: readonly Code[]): string[] {
  if (codes.length > CODES_MAX) throw refuse(400, 'too-costly', 'the value set has too many codes to search by');
  return codes.map(({ system, code }) => `${escapeValue(system)}|${escapeValue(code)}`);
}

async function codesOfSet(context: Context, url: string): Promise<readonly Code[]> {
  const source = new ReaderTerminology(context);
  const table = await source.loadValueSet(url);
  const expansion = table && expandValueSet(table, source);
  if (!expansion || expansion.open.length > 0)
    throw refuse(400, 'not-supported', 'the value set is not held here whole');
  return expansion.concepts;
}

async function related(context: Context, direction: 'above' | 'below', value: string): Promise<readonly Code[]> {
  const [system = '', code] = splitEscaped(value, '|').map(unescapeValue);
  const table = code === undefined ? undefined : await new ReaderTerminology(context).loadSystem(system);
  if (!table || code === undefined) throw refuse(400, 'not-supported', 'the code system is not held here');
  const { concepts } = table;
  const at = concepts.findIndex(([each]) => each === code);
  if (at < 0) return [{ system, code }];
  const found =
    direction === 'above'
      ? lineOf(table, at)
      : concepts.flatMap((_, each) => (lineOf(table, each).includes(at) ? [each] : []));
  return found.map((each) => ({ system, code: concepts[each]![0] }));
}

/** A concept and all above it. */
function lineOf({ concepts }: CodeSystemTable, from: number): number[] {
  const line: number[] = [];
  for (let at = from; at >= 0 && line.length < concepts.length; at = concepts[at]![2]) line.push(at);
  return line;
}
