import type { Decision } from '../../src/mapping/row.ts';

/** What becomes of each component of a data type the guide maps, by the guide's name of the map. 0: the type as a whole. */
export interface DataTypeMap {
  readonly carries: 'all' | readonly number[];
  readonly decisions?: readonly {
    readonly parts: readonly number[];
    readonly not: Decision['not'];
    readonly why: string;
  }[];
}

const all: DataTypeMap = { carries: 'all' };
const CODED = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const ASSIGNER = 'the assigner is the system; R4 needs no second place for it';

const person: DataTypeMap = {
  carries: [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 14, 17, 18, 19, 20, 21],
  decisions: [
    {
      parts: [12],
      not: 'contradicts-r4',
      why: 'the extension the guide names belongs to NamingSystem, not to Identifier',
    },
  ],
};

const schemeOf = (part: number) => ({
  parts: [part],
  not: 'contradicts-r4' as const,
  why: 'the extension the guide names belongs to NamingSystem, not to Identifier',
});

const entity: DataTypeMap = { carries: [1, 2, 3], decisions: [{ parts: [4], not: 'superseded', why: ASSIGNER }] };

const original = {
  parts: [0],
  not: 'superseded' as const,
  why: 'the value is of its own type; the journal keeps the original text',
};

export const DATATYPES: Readonly<Record<string, DataTypeMap>> = {
  'CE[CodeableConcept]': all,
  'CF[CodeableConcept]': all,
  'CNE[CodeableConcept]': all,
  'CNN[Practitioner]': all,
  'CQ[Quantity]': all,
  'CQ[code]': all,
  'CQ[decimal]': all,
  'CWE[Annotation]': all,
  'CWE[CodeableConcept]': { carries: CODED },
  'CWE[Coding]': {
    carries: [1, 2, 3],
    decisions: [
      { parts: [7], not: 'superseded', why: 'the coding is the translated one; its system has its own versions' },
    ],
  },
  'CWE[Organization]': all,
  'CWE[Quantity]': all,
  'CWE[code]': {
    carries: [1],
    decisions: [
      { parts: [4], not: 'unsafe', why: 'a second code for one required element: which of the two would hold' },
    ],
  },
  'CWE[string]': all,
  'CX[Identifier]': { carries: [1, 2, 4, 5, 6, 7, 8], decisions: [schemeOf(3)] },
  'CX[RelatedPerson-Mother]': { carries: [0, 1, 2, 4, 5, 6, 7, 8], decisions: [schemeOf(3)] },
  'CX[string]': all,
  'DLD[Location-Discharge]': all,
  'DLN[Identifier]': all,
  'DR[Period]': all,
  'DR[dateTime]': all,
  'DTM[Annotation-Time]': all,
  'DTM[dateTime]': all,
  'ED[Attachment]': {
    carries: [3, 5],
    decisions: [{ parts: [2], not: 'duplicate', why: 'the kind of data is the first half of contentType' }],
  },
  'EIP[Identifier-FillerAssignedIdentifier]': all,
  'EIP[Identifier-PlacerAssignedIdentifier]': all,
  'EI[Identifier-Extension]': entity,
  'EI[Identifier-Organization]': entity,
  'EI[Identifier-System]': entity,
  'EI[Identifier-DefaultAssigner]': all,
  'EI[Procedure]': entity,
  'FN[HumanName]': all,
  'FT[Annotation-Comment]': all,
  'HD[uri]': all,
  'ID[CodeableConcept]': all,
  'ID[Coding]': all,
  'ID[boolean]': all,
  'ID[code]': all,
  'ID[string]': all,
  'IS[CodeableConcept]': all,
  'IS[code]': all,
  'IS[string]': all,
  'MSG[code]': all,
  'NDL[PractitionerRole]': {
    carries: [1, 2, 3, 4, 5, 6, 7, 10, 11],
    decisions: [
      { parts: [8], not: 'unsafe', why: 'the status a place had when somebody worked there is not the status it has' },
    ],
  },
  'NM[Quantity-LengthOfStay]': all,
  'NM[Quantity]': all,
  'NM[positiveInt]': all,
  'NR[Range]': all,
  'OG[Extension-Subidentifier]': all,
  'PLN[Identifier]': {
    carries: [1, 2, 4],
    decisions: [
      { parts: [3], not: 'superseded', why: 'state or other qualifier: it names the assigner, so it is the system' },
    ],
  },
  'PL[Location]': {
    carries: [1, 2, 3, 4, 7, 8, 9, 10],
    decisions: [{ parts: [11], not: 'superseded', why: ASSIGNER }],
  },
  'RI[Timing]': { carries: 'all' },
  // OBR-15, read in messages/specimen.ts.
  'SPS[Specimen-Source]': { carries: [1, 2, 3, 4, 6] },
  'RPT[Timing]': {
    carries: [1, 5, 6, 8, 9],
    decisions: [
      {
        parts: [3, 4],
        not: 'contradicts-r4',
        why: 'phase bounds are numbers of any calendar cycle; dayOfWeek holds weekday codes',
      },
    ],
  },
  'RP[Attachment]': {
    carries: [1],
    decisions: [{ parts: [3], not: 'unsafe', why: 'a type code of the pointer is no media type of what it points at' }],
  },
  'SAD[Address]': all,
  'SN[Quantity]': { carries: [1, 2], decisions: [original] },
  'SN[Range]': { carries: [2, 4], decisions: [original] },
  'SN[Ratio]': {
    carries: [2, 4],
    decisions: [
      original,
      { parts: [1], not: 'unsafe', why: 'a comparator of a ratio bounds the ratio, not its numerator' },
    ],
  },
  'ST[CodeableConcept]': all,
  'ST[Identifier]': all,
  'TQ[Appointment]': all,
  'TQ[ServiceRequest]': {
    carries: [2, 4, 5, 6, 12],
    decisions: [
      {
        parts: [1, 3, 7, 8],
        not: 'superseded',
        why: 'TQ1 has replaced TQ since v2.5; of older senders the pattern, bounds, count and priority are read',
      },
    ],
  },
  'TQ[MedicationRequest]': {
    carries: [2, 4, 5, 6, 12],
    decisions: [
      {
        parts: [1, 3, 7, 8],
        not: 'superseded',
        why: 'TQ1 has replaced TQ since v2.5; of older senders the pattern, bounds, count and priority are read',
      },
    ],
  },
  'TS[dateTime]': all,
  'XAD[Address]': all,
  'XCN[Annotation-Author]': person,
  'XCN[Practitioner]': person,
  'XCN[PractitionerRole]': person,
  'XON[Organization]': { carries: [1, 2, 3, 4, 6, 7, 8, 10], decisions: [schemeOf(5)] },
  'XON[string]': all,
  'XPN[HumanName]': all,
  'XPN[string]': all,
  'XTN[ContactPoint]': all,
};
