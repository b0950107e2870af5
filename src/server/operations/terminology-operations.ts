import type { CodeSystem, Coding, ParametersParameter } from '@medplum/fhirtypes';
import type { Context } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../exchange.ts';
import { refuse } from '../refusal.ts';
import { EXPAND_PARAMETERS, expand, expansionOf } from './expand-operation.ts';
import { instanceOf, undecidable } from './instance.ts';
import { executed, type Operation, type Target } from './operation.ts';
import { type Asked, askedOf, parametersResponse } from './parameters.ts';
import { inSystem, ReaderTerminology, storedByCanonical, type Verdict } from './terminology-source.ts';
import { translate } from './translate-operation.ts';

const DEFINITION = 'http://hl7.org/fhir/OperationDefinition/';

/** A code as one of three. */
const CODE = ['code', 'system', 'coding', 'codeableConcept'] as const;

export const TERMINOLOGY_OPERATIONS: readonly Operation[] = [
  {
    name: 'expand',
    definition: `${DEFINITION}ValueSet-expand`,
    types: ['ValueSet'],
    levels: ['type', 'instance'],
    parameters: EXPAND_PARAMETERS,
    get: true,
    run: expand,
  },
  {
    name: 'validate-code',
    definition: `${DEFINITION}ValueSet-validate-code`,
    types: ['ValueSet'],
    levels: ['type', 'instance'],
    parameters: [...CODE, 'url', 'valueSet', 'valueSetVersion', 'display', 'context', 'date', 'systemVersion'],
    get: true,
    run: validateInValueSet,
  },
  {
    name: 'validate-code',
    definition: `${DEFINITION}CodeSystem-validate-code`,
    types: ['CodeSystem'],
    levels: ['type', 'instance'],
    parameters: [...CODE, 'url', 'display'],
    get: true,
    run: validateInCodeSystem,
  },
  {
    name: 'lookup',
    definition: `${DEFINITION}CodeSystem-lookup`,
    types: ['CodeSystem'],
    levels: ['type'],
    parameters: [...CODE, 'version'],
    get: true,
    run: lookup,
  },
  {
    name: 'translate',
    definition: `${DEFINITION}ConceptMap-translate`,
    types: ['ConceptMap'],
    levels: ['type', 'instance'],
    parameters: [
      ...CODE,
      'url',
      'conceptMap',
      'conceptMapVersion',
      'source',
      'target',
      'targetsystem',
      'reverse',
      'dependency',
    ],
    get: true,
    run: translate,
  },
];

/** ValueSet/$validate-code: is one of the codings in the value set. 422 where that cannot be told offline. */
async function validateInValueSet(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  context.scopes.require('ValueSet', 'r');
  const asked = askedOf(context, request, 'valueSet');
  asked.refuseAny('context', 'date', 'systemVersion');
  const codings = asked.codings();
  if (codings.length === 0) throw refuse(400, 'required', 'there is no code to validate');
  const { concepts, open } = await expansionOf(context, asked, target);
  const verdicts = codings.map((coding): Verdict => {
    const found = concepts.find(
      ({ code, system }) => code === coding.code && (coding.system === undefined || system === coding.system),
    );
    if (found) return { result: 'member', ...found };
    const { system } = coding;
    const undecided = open.filter((url) => system === undefined || url === system || url.includes('/ValueSet/'));
    const source = new ReaderTerminology(context);
    const known = system === undefined ? undefined : inSystem(source, system, coding.code ?? '');
    if (undecided.length === 0 || known?.result === 'not-a-member')
      return { result: 'not-a-member', why: 'the code is not in the value set' };
    return { result: 'unknown', systems: undecided };
  });
  return executed(context, answer(codings, verdicts, asked), { name: 'validate-code', type: 'ValueSet' });
}

async function validateInCodeSystem(context: Context, request: FhirRequest, target: Target): Promise<FhirResponse> {
  context.scopes.require('CodeSystem', 'r');
  const asked = askedOf(context, request, 'codeSystem');
  const given = asked.text('url');
  const url = target.id === undefined ? given : (await instanceOf<CodeSystem>(context, target)).url;
  const source = new ReaderTerminology(context);
  const codings = asked
    .codings()
    .map((coding) => ({ ...coding, ...(coding.system === undefined && url ? { system: url } : {}) }));
  if (codings.length === 0) throw refuse(400, 'required', 'there is no code to validate');
  const verdicts: Verdict[] = [];
  for (const { system, code, version } of codings) {
    if (system === undefined) throw refuse(400, 'required', 'the code has no system');
    if (url !== undefined && system !== url.split('|')[0]) {
      verdicts.push({ result: 'not-a-member', why: 'the code is of another code system' });
      continue;
    }
    const canonical = version === undefined ? (url ?? system) : `${system}|${version}`;
    await source.loadSystem(canonical);
    verdicts.push(inSystem(source, canonical, code ?? ''));
  }
  return executed(context, answer(codings, verdicts, asked), { name: 'validate-code', type: 'CodeSystem' });
}

/** True when any coding is a member; refused when none is and one cannot be decided. A wrong display makes it false. */
function answer(codings: readonly Coding[], verdicts: readonly Verdict[], asked: Asked): FhirResponse {
  const at = verdicts.findIndex(({ result }) => result === 'member');
  const member = verdicts[at];
  if (member?.result !== 'member') {
    const unknown = verdicts.flatMap((each) => (each.result === 'unknown' ? each.systems : []));
    if (unknown.length > 0) throw undecidable([...new Set(unknown)]);
    const why =
      verdicts.flatMap((each) => (each.result === 'not-a-member' ? [each.why] : []))[0] ?? 'no code was given';
    return parametersResponse([
      { name: 'result', valueBoolean: false },
      { name: 'message', valueString: why },
    ]);
  }
  const said = codings[at]?.display ?? asked.text('display');
  const differs =
    said !== undefined && member.display !== '' && said.trim().toLowerCase() !== member.display.toLowerCase();
  return parametersResponse([
    { name: 'result', valueBoolean: !differs },
    ...(differs ? [{ name: 'message', valueString: 'the display is not that of the code' }] : []),
    ...(member.display === '' ? [] : [{ name: 'display', valueString: member.display }]),
  ]);
}

/** CodeSystem/$lookup: name, display, parent and children of one code. 404 for a code that is not there, 422 where that cannot be told. */
async function lookup(context: Context, request: FhirRequest): Promise<FhirResponse> {
  context.scopes.require('CodeSystem', 'r');
  const asked = askedOf(context, request);
  const [coding] = asked.codings();
  if (!coding?.code || !coding.system) throw refuse(400, 'required', '$lookup needs a code and its system');
  const version = coding.version ?? asked.text('version');
  const canonical = version === undefined ? coding.system : `${coding.system}|${version}`;
  const source = new ReaderTerminology(context);
  const table = await source.loadSystem(canonical);
  const verdict = inSystem(source, canonical, coding.code);
  if (verdict.result === 'unknown') throw undecidable(verdict.systems);
  if (verdict.result === 'not-a-member' || !table) throw refuse(404, 'not-found', 'the code is not in the code system');
  const { caseSensitive, concepts } = table;
  const fold = (code: string): string => (caseSensitive ? code : code.toLowerCase());
  const at = concepts.findIndex(([code]) => fold(code) === fold(coding.code!));
  const property = (code: string, value: string): ParametersParameter => ({
    name: 'property',
    part: [
      { name: 'code', valueCode: code },
      { name: 'value', valueCode: value },
    ],
  });
  const parent = concepts[concepts[at]![2]]?.[0];
  const children = concepts.flatMap(([code, , of]) => (of === at ? [code] : []));
  const stored = await storedByCanonical<CodeSystem>(context, 'CodeSystem', canonical);
  const definition = stored && table.url === stored.url ? definitionIn(stored.concept, concepts[at]![0]) : undefined;
  const response = parametersResponse([
    { name: 'name', valueString: table.name },
    ...(version === undefined ? [] : [{ name: 'version', valueString: version }]),
    { name: 'display', valueString: verdict.display || concepts[at]![0] },
    ...(definition === undefined ? [] : [{ name: 'definition', valueString: definition }]),
    ...(parent === undefined ? [] : [property('parent', parent)]),
    ...children.map((child) => property('child', child)),
  ]);
  return executed(context, response, { name: 'lookup', type: 'CodeSystem' });
}

function definitionIn(concepts: CodeSystem['concept'], code: string): string | undefined {
  for (const each of concepts ?? []) {
    const found = each.code === code ? each.definition : definitionIn(each.concept, code);
    if (found !== undefined) return found;
  }
  return undefined;
}
