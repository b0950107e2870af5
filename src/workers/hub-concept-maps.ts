import type { ConceptMap, ConceptMapGroup } from '@medplum/fhirtypes';
import * as allergy from '../../mappings/tables/allergy.ts';
import * as bodyPart from '../../mappings/tables/body-part.ts';
import * as confidentiality from '../../mappings/tables/confidentiality.ts';
import * as consent from '../../mappings/tables/consent.ts';
import * as containerType from '../../mappings/tables/container-type.ts';
import * as country from '../../mappings/tables/country.ts';
import * as coverageCode from '../../mappings/tables/coverage-code.ts';
import * as documents from '../../mappings/tables/document.ts';
import * as encounter from '../../mappings/tables/encounter.ts';
import * as eventType from '../../mappings/tables/event-type.ts';
import * as hospitalService from '../../mappings/tables/hospital-service.ts';
import * as identifierType from '../../mappings/tables/identifier-type.ts';
import * as language from '../../mappings/tables/language.ts';
import * as messageCode from '../../mappings/tables/message-code.ts';
import * as orders from '../../mappings/tables/order.ts';
import * as orderCode from '../../mappings/tables/order-code.ts';
import * as person from '../../mappings/tables/person.ts';
import * as personCode from '../../mappings/tables/person-code.ts';
import * as problem from '../../mappings/tables/problem.ts';
import * as provider from '../../mappings/tables/provider.ts';
import * as providerCode from '../../mappings/tables/provider-code.ts';
import * as referral from '../../mappings/tables/referral.ts';
import * as religion from '../../mappings/tables/religion.ts';
import * as routes from '../../mappings/tables/route.ts';
import * as scheduling from '../../mappings/tables/scheduling.ts';
import * as specimen from '../../mappings/tables/specimen.ts';
import * as specimenCode from '../../mappings/tables/specimen-code.ts';
import * as specimenType from '../../mappings/tables/specimen-type.ts';
import { v2System } from '../../mappings/tables/table.ts';
import * as visitCode from '../../mappings/tables/visit-code.ts';
import type { ConceptTable } from '../mapping/concept-table.ts';
import { hubConceptMap } from '../model/systems.ts';

const MODULES: readonly object[] = [
  allergy,
  bodyPart,
  confidentiality,
  consent,
  containerType,
  country,
  coverageCode,
  documents,
  encounter,
  eventType,
  hospitalService,
  identifierType,
  language,
  messageCode,
  orders,
  orderCode,
  person,
  personCode,
  problem,
  provider,
  providerCode,
  referral,
  religion,
  routes,
  scheduling,
  specimen,
  specimenCode,
  specimenType,
  visitCode,
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
  const group = [...byTarget].map(
    ([target, rows]): ConceptMapGroup => ({
      source: v2System(id),
      target,
      element: rows.map(([code, to]) => ({
        code,
        target: [
          {
            code: to.code,
            ...(to.display ? { display: to.display } : {}),
            equivalence: target === v2System(id) && code === to.code ? 'equal' : 'equivalent',
          },
        ],
      })),
    }),
  );
  return {
    resourceType: 'ConceptMap',
    url: hubConceptMap(name),
    name,
    status: 'active',
    // FHIR has no empty lists: a table nobody filled maps nothing.
    ...(group.length > 0 ? { group } : {}),
  };
}
