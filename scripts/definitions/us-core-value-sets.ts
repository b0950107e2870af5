import type { ValueSetTable } from '../../src/fhir/expand.ts';

const RACE_AND_ETHNICITY = 'urn:oid:2.16.840.1.113883.6.238';
const NULL_FLAVOR = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';
const ADMINISTRATIVE_GENDER = 'http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender';

const UNKNOWN = [
  ['ASKU', 'Asked but no answer'],
  ['UNK', 'Unknown'],
] as const;

/** The required value sets of US Core 5.0.1 that no package of ours holds. Rule: US Core 5.0.1, terminology. */
export const US_CORE_VALUE_SETS: readonly ValueSetTable[] = [
  {
    url: 'http://hl7.org/fhir/us/core/ValueSet/omb-race-category',
    name: 'OmbRaceCategories',
    include: [
      {
        system: RACE_AND_ETHNICITY,
        concept: [
          ['1002-5', 'American Indian or Alaska Native'],
          ['2028-9', 'Asian'],
          ['2054-5', 'Black or African American'],
          ['2076-8', 'Native Hawaiian or Other Pacific Islander'],
          ['2106-3', 'White'],
        ],
      },
      { system: NULL_FLAVOR, concept: [...UNKNOWN, ['OTH', 'Other']] },
    ],
  },
  {
    url: 'http://hl7.org/fhir/us/core/ValueSet/omb-ethnicity-category',
    name: 'OmbEthnicityCategories',
    include: [
      {
        system: RACE_AND_ETHNICITY,
        concept: [
          ['2135-2', 'Hispanic or Latino'],
          ['2186-5', 'Not Hispanic or Latino'],
        ],
      },
      { system: NULL_FLAVOR, concept: [...UNKNOWN] },
    ],
  },
  {
    url: 'http://hl7.org/fhir/us/core/ValueSet/birthsex',
    name: 'BirthSex',
    include: [
      {
        system: ADMINISTRATIVE_GENDER,
        concept: [
          ['F', 'Female'],
          ['M', 'Male'],
        ],
      },
      { system: NULL_FLAVOR, concept: [...UNKNOWN, ['OTH', 'Other']] },
    ],
  },
  {
    url: 'http://hl7.org/fhir/us/core/ValueSet/us-core-problem-or-health-concern',
    name: 'USCoreProblemOrHealthConcern',
    include: [
      {
        system: 'http://terminology.hl7.org/CodeSystem/condition-category',
        concept: [['problem-list-item', 'Problem List Item']],
      },
      {
        system: 'http://hl7.org/fhir/us/core/CodeSystem/condition-category',
        concept: [['health-concern', 'Health Concern']],
      },
    ],
  },
];
