import type { CapabilityStatement, CapabilityStatementRest, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import type { Definitions, SearchParameter } from '../fhir/definitions.ts';
import type { Engine } from './engine.ts';
import { SERVED } from './operations/registry.ts';
import { TOPIC_EXTENSIONS } from './operations/subscription-topics.ts';
import { isServed, isServedComposite } from './search-request.ts';

/** What the routes serve on every type; `route.ts` and this list are read side by side by the conformance test. */
export const TYPE_INTERACTIONS = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
] as const;
export const SYSTEM_INTERACTIONS = ['transaction', 'batch', 'search-system', 'history-system'] as const;

/** Operations served: name, canonical definition, types (none: system level). */
export const OPERATIONS: readonly {
  readonly name: string;
  readonly definition: string;
  readonly types: readonly string[];
}[] = [
  { name: 'validate', definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate', types: ['*'] },
  { name: 'everything', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything', types: ['Patient'] },
  ...SERVED,
];

/** GET metadata: generated from what the routes, the index and the operations really do. */
export function capabilityStatement(engine: Engine, base: string, at: number): CapabilityStatement {
  const { definitions } = engine;
  const reverse = reverseIncludes(definitions);
  const resource = definitions.resourceTypes.map((type): CapabilityStatementRestResource => {
    const operations = OPERATIONS.filter(({ types }) => types.includes('*') || types.includes(type));
    return {
      type: type as CapabilityStatementRestResource['type'],
      ...(type === 'Subscription' ? { extension: [...TOPIC_EXTENSIONS] } : {}),
      interaction: TYPE_INTERACTIONS.map((code) => ({ code })),
      versioning: 'versioned-update',
      readHistory: true,
      updateCreate: true,
      conditionalCreate: true,
      conditionalRead: 'full-support',
      conditionalUpdate: true,
      conditionalDelete: 'single',
      referencePolicy: ['literal', 'logical'],
      ...listed('searchInclude', includesOf(definitions, type)),
      ...listed('searchRevInclude', reverse.get(type) ?? []),
      searchParam: definitions
        .searchParameters(type)
        .filter(
          (parameter) =>
            isServed(parameter) && (parameter.type !== 'composite' || isServedComposite(definitions, parameter)),
        )
        .map(({ code, type: kind, url }) => ({ name: code, type: kind, definition: url })),
      ...(operations.length > 0 ? { operation: operations.map(({ name, definition }) => ({ name, definition })) } : {}),
    };
  });
  const rest: CapabilityStatementRest = {
    mode: 'server',
    security: {
      service: [
        {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' }],
        },
      ],
      extension: [
        {
          url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
          extension: ['authorize', 'token', 'introspect', 'revoke'].map((url) => ({
            url,
            valueUri: `${new URL(base).origin}/oauth2/${url}`,
          })),
        },
      ],
    },
    resource,
    interaction: SYSTEM_INTERACTIONS.map((code) => ({ code })),
    ...systemOperations(),
  };
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: new Date(at).toISOString(),
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    software: { name: 'Handoff' },
    implementation: { description: 'Handoff, hub for behavioural health', url: base },
    rest: [rest],
  };
}

/** Operations on the whole system. */
function systemOperations(): Pick<CapabilityStatementRest, 'operation'> {
  const operation = SERVED.filter(({ levels }) => levels.includes('system')).map(({ name, definition }) => ({
    name,
    definition,
  }));
  return operation.length > 0 ? { operation } : {};
}

/** A list, left out when it is empty. */
function listed<K extends string>(name: K, values: readonly string[]): Partial<Record<K, string[]>> {
  return values.length > 0 ? ({ [name]: [...values] } as Record<K, string[]>) : {};
}

const referencesOf = (definitions: Definitions, type: string): readonly SearchParameter[] =>
  definitions.searchParameters(type).filter((parameter) => parameter.type === 'reference' && isServed(parameter));

const includesOf = (definitions: Definitions, type: string): string[] =>
  referencesOf(definitions, type).map(({ code }) => `${type}:${code}`);

/** Type → what of other types can point at it. */
function reverseIncludes(definitions: Definitions): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const type of definitions.resourceTypes) {
    for (const { code, target } of referencesOf(definitions, type)) {
      for (const pointed of target ?? []) found.set(pointed, [...(found.get(pointed) ?? []), `${type}:${code}`]);
    }
  }
  return found;
}
