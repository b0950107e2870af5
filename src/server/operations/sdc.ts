import type {
  Expression,
  Extension,
  OperationOutcomeIssue,
  Parameters,
  Questionnaire,
  Resource,
} from '@medplum/fhirtypes';
import { issue, outcome } from '../../fhir/outcome.ts';
import { parseReference } from '../../fhir/references.ts';
import type { Context } from '../context.ts';
import { type FhirResponse, jsonResponse } from '../exchange.ts';
import { textsOf } from '../present.ts';
import { visibleRow } from '../read-interactions.ts';
import { refusalOf, refuse } from '../refusal.ts';
import type { Row } from '../rows.ts';
import { parseSearch } from '../search-request.ts';
import { runSearch } from '../search-run.ts';
import { FormPath } from './form-path.ts';
import { storedByCanonical } from './terminology-source.ts';

/** Extensions of Structured Data Capture. Rule: SDC 4.0.0. */
export const sdc = (name: string): string => `http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-${name}`;
export const VARIABLE = 'http://hl7.org/fhir/StructureDefinition/variable';

export interface Extended {
  readonly extension?: readonly Extension[];
}

export const extensionsOf = (of: Extended, url: string): readonly Extension[] =>
  (of.extension ?? []).filter((each) => each.url === url);

const EXPRESSION_MAX = 2000;
const QUERIES_MAX = 50;

export type Variables = Readonly<Record<string, unknown>>;

/** What one call of a form operation may ask of the store and of FHIRPath, and what it could not do. */
export class FormWork {
  readonly context: Context;
  readonly #path = new FormPath();
  readonly issues: OperationOutcomeIssue[] = [];
  /** What was read for it. */
  readonly read: Row[] = [];
  #queries = 0;

  constructor(context: Context) {
    this.context = context;
  }

  /** Something that was left out; the caller is told where. */
  note(text: string, linkId: string | undefined, severity: 'warning' | 'error' = 'warning'): void {
    const at =
      linkId === undefined ? 'Questionnaire' : `Questionnaire.item.where(linkId='${linkId.replace(/[^\w./-]/g, '?')}')`;
    this.issues.push(issue({ severity, code: 'processing', text, expression: at }));
  }

  /** Values of an expression: FHIRPath, or a query whose searchset is the value. What fails is noted and gives nothing. */
  async evaluate(expression: Expression, variables: Variables, linkId: string | undefined): Promise<unknown[]> {
    const text = expression.expression;
    if (text === undefined || text.length > EXPRESSION_MAX) {
      this.note('an expression is missing or too long', linkId);
      return [];
    }
    try {
      if (expression.language === 'text/fhirpath') return await this.#path.evaluate(text, variables);
      if (expression.language === 'application/x-fhir-query') return [await this.query(text, variables)];
    } catch (error) {
      if (endsTheCall(error)) throw error;
      this.note('an expression cannot be evaluated', linkId);
      return [];
    }
    this.note('the language of an expression is not supported', linkId);
    return [];
  }

  /** A searchset of what the reader may see. `{{…}}` holds FHIRPath. Rule: SDC expressions.html#x-fhir-query-enhancements. */
  async query(
    template: string,
    variables: Variables,
  ): Promise<{ resourceType: 'Bundle'; type: 'searchset'; entry: { resource: Resource }[] }> {
    if (++this.#queries > QUERIES_MAX) throw refuse(422, 'too-costly', 'the form asks too many queries');
    let text = '';
    let from = 0;
    for (const match of template.matchAll(/\{\{(.+?)\}\}/g)) {
      const values = await this.#path.evaluate(match[1]!, variables);
      text += template.slice(from, match.index) + values.map((each) => encodeURIComponent(String(each))).join(',');
      from = match.index + match[0].length;
    }
    text += template.slice(from);
    const [type = '', search = ''] = text.split(/\?(.*)/s);
    const { context } = this;
    if (!context.engine.definitions.isResourceType(type)) throw refuse(422, 'value', 'a query names no resource type');
    context.scopes.require(type, 's');
    const parsed = parseSearch(context.engine.definitions, type, [...new URLSearchParams(search)], true);
    const { matches, included } = await runSearch(context, parsed);
    const rows = [...matches, ...included];
    this.read.push(...rows);
    const texts = await textsOf(context, rows);
    return {
      resourceType: 'Bundle',
      type: 'searchset',
      entry: rows.map(({ rid }) => ({ resource: JSON.parse(texts.get(rid)!) as Resource })),
    };
  }

  /** A resource by relative reference, as the reader sees it. */
  async fetch<T extends Resource>(reference: string): Promise<T | undefined> {
    const parsed = parseReference(reference);
    if (parsed.kind !== 'local') return undefined;
    this.context.scopes.require(parsed.type, 'r');
    const row = await visibleRow(this.context, parsed.type, parsed.id);
    if (!row || row.deleted === 1) return undefined;
    this.read.push(row);
    return JSON.parse((await textsOf(this.context, [row])).get(row.rid)!) as T;
  }

  async questionnaire(canonical: string): Promise<Questionnaire | undefined> {
    this.context.scopes.require('Questionnaire', 'r');
    const relative = /(?:^|\/)(Questionnaire\/[A-Za-z0-9\-.]{1,64})$/.exec(canonical)?.[1];
    return (
      (await storedByCanonical<Questionnaire>(this.context, 'Questionnaire', canonical)) ??
      (relative === undefined ? undefined : await this.fetch<Questionnaire>(relative))
    );
  }
}

/** The result and, where something was left out, the issues beside it. */
export function formResponse(
  name: string,
  resource: object,
  issues: readonly OperationOutcomeIssue[],
  always: boolean,
): FhirResponse {
  if (issues.length === 0 && !always) return jsonResponse(200, JSON.stringify(resource));
  const parameters = {
    resourceType: 'Parameters',
    parameter: [{ name, resource }, ...(issues.length > 0 ? [{ name: 'issues', resource: outcome(...issues) }] : [])],
  } as Parameters;
  return jsonResponse(200, JSON.stringify(parameters));
}

/** A missing scope, or a limit that is reached, is no fault of one expression. */
const endsTheCall = (error: unknown): boolean => {
  const refusal = refusalOf(error);
  return refusal?.status === 403 || refusal?.outcome.issue[0]?.code === 'too-costly';
};
