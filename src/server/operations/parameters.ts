import type { Coding, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { isAcceptable } from '../../fhir/outcome.ts';
import type { Context } from '../context.ts';
import type { FhirResource } from '../engine.ts';
import { type FhirRequest, type FhirResponse, jsonResponse } from '../exchange.ts';
import { refuse, refuseWith } from '../refusal.ts';
import { resourceIn } from '../write-interactions.ts';

/** Parameters of an operation's call, from the address or from the body. */
export class Asked {
  readonly #parts: readonly ParametersParameter[];

  constructor(parts: readonly ParametersParameter[]) {
    this.#parts = parts;
  }

  names(): string[] {
    return [...new Set(this.#parts.map(({ name }) => name))];
  }

  parts(name: string): readonly ParametersParameter[] {
    return this.#parts.filter((part) => part.name === name);
  }

  /** Text of every primitive value of this name. */
  texts(name: string): string[] {
    return this.parts(name).flatMap((part) => {
      const value = primitiveOf(part);
      return typeof value === 'string'
        ? [value]
        : typeof value === 'number' || typeof value === 'boolean'
          ? [String(value)]
          : [];
    });
  }

  /** Throws 400 when one of these is asked: they would change the answer and are not supported. */
  refuseAny(...names: readonly string[]): void {
    const found = names.find((name) => this.parts(name).length > 0);
    if (found !== undefined) throw refuse(400, 'not-supported', `the parameter ${found} is not supported`);
  }

  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  /** A whole number of at least 0. Throws 400 for anything else. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text)) throw refuse(400, 'value', `${name} must be a whole number`);
    return Number(text);
  }

  flag(name: string): boolean {
    const text = this.text(name);
    if (text !== undefined && text !== 'true' && text !== 'false')
      throw refuse(400, 'value', `${name} must be true or false`);
    return text === 'true';
  }

  /** `valueReference`, or the reference as text. */
  reference(name: string): string | undefined {
    return this.parts(name)[0]?.valueReference?.reference ?? this.text(name);
  }

  resource(name: string): FhirResource | undefined {
    return this.parts(name)[0]?.resource as unknown as FhirResource | undefined;
  }

  /** `name` as Coding, or the pair of names as system and code. */
  codings(coding = 'coding', concept = 'codeableConcept', code = 'code', system = 'system'): Coding[] {
    const found: Coding[] = [];
    for (const part of this.parts(coding)) if (part.valueCoding) found.push(part.valueCoding);
    for (const part of this.parts(concept)) found.push(...(part.valueCodeableConcept?.coding ?? []));
    const text = this.text(code);
    if (text !== undefined) {
      const of = this.text(system);
      found.push({ code: text, ...(of === undefined ? {} : { system: of }) });
    }
    return found;
  }
}

function primitiveOf(part: ParametersParameter): unknown {
  for (const [name, value] of Object.entries(part)) if (name.startsWith('value')) return value;
  return undefined;
}

/**
 * What a call asks: parameters of the address and, on POST, of the body. A body that is no Parameters is the parameter
 * `resourceName`. What is not valid R4 is refused (422). Rule: FHIR R4 operations.html#request.
 */
export function askedOf({ engine }: Context, request: FhirRequest, resourceName = 'resource'): Asked {
  const query = request.query.map(([name, value]): ParametersParameter => ({ name, valueString: value }));
  if (request.method !== 'POST' || !request.body) return new Asked(query);
  if ((request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    const form = [...new URLSearchParams(request.body)].map(([name, value]) => ({ name, valueString: value }));
    return new Asked([...query, ...form]);
  }
  const body = resourceIn(request);
  // Everything behind this may rely on the shapes R4 gives.
  const issues = engine.validate(body);
  if (!isAcceptable(issues)) throw refuseWith(422, issues);
  if (body.resourceType !== 'Parameters')
    return new Asked([...query, { name: resourceName, resource: body } as unknown as ParametersParameter]);
  const { parameter = [] } = body as unknown as Parameters;
  return new Asked([...query, ...parameter]);
}

export function parametersResponse(parameter: readonly ParametersParameter[]): FhirResponse {
  return jsonResponse(200, JSON.stringify({ resourceType: 'Parameters', parameter }));
}
