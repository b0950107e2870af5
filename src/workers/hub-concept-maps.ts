import type { ConceptMap } from '@medplum/fhirtypes';
import * as allergy from '../../mappings/tables/allergy.ts';
import * as confidentiality from '../../mappings/tables/confidentiality.ts';
import * as documents from '../../mappings/tables/document.ts';
import * as encounter from '../../mappings/tables/encounter.ts';
import * as orders from '../../mappings/tables/order.ts';
import * as person from '../../mappings/tables/person.ts';
import * as provider from '../../mappings/tables/provider.ts';
import * as referral from '../../mappings/tables/referral.ts';
import * as scheduling from '../../mappings/tables/scheduling.ts';
import { v2System } from '../../mappings/tables/table.ts';
import type { ConceptTable } from '../mapping/concept-table.ts';
import { hubConceptMap } from '../model/systems.ts';

const MODULES: readonly object[] = [
  allergy,
  confidentiality,
  documents,
  encounter,
  orders,
  person,
  provider,
  referral,
  scheduling,
];

let made: readonly ConceptMap[] | undefined;

/** The code tables of the mappings as ConceptMaps, v2 table to FHIR: what `ConceptMap/$translate` answers is what a message meets. */
export function hubConceptMaps(): readonly ConceptMap[] {
  made ??= MODULES.flatMap((module) => Object.values(module)).flatMap((each) => (isTable(each) ? [mapOf(each)] : []));
  return made;
}

const isTable = (value: unknown): value is ConceptTable =>
  typeof value === 'object' && value !== null && 'id' in value && 'name' in value && 'codes' in value;

function mapOf({ id, name, codes }: ConceptTable): ConceptMap {
  const byTarget = Map.groupBy(Object.entries(codes), ([, { system }]) => system);
  return {
    resourceType: 'ConceptMap',
    url: hubConceptMap(name),
    name,
    status: 'active',
    group: [...byTarget].map(([target, rows]) => ({
      source: v2System(id),
      target,
      element: rows.map(([code, to]) => ({
        code,
        target: [
          {
            code: to.code,
            ...(to.display === undefined ? {} : { display: to.display }),
            equivalence: target === v2System(id) && code === to.code ? 'equal' : 'equivalent',
          },
        ],
      })),
    })),
  };
}
