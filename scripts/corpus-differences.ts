/** Keys whose values are ids, system URIs and codes of the resource's own making: never the same in two converters. */
export const NOT_COMPARED = new Set([
  'resourceType',
  'id',
  'reference',
  'fullUrl',
  'url',
  'system',
  'method',
  'versionId',
  'lastUpdated',
  'div',
  'source',
  'ifNoneExist',
  'status',
  'mode',
  'type',
]);

/** Where we differ from the goldens on purpose. `path`: resource type and elements; `file`: in messages of this name only. */
export const DIFFERENCES: readonly { readonly path: RegExp; readonly file?: RegExp; readonly why: string }[] = [
  { path: /communication\.preferred/, why: 'no sender said that a language is preferred' },
  {
    path: /meta\.security/,
    why: 'labels: our own codes; "normal" is no label; an access restriction is not called "label"',
  },
  { path: /\.telecom\.use/, why: 'a cell phone is mobile, whatever field it stands in' },
  { path: /\.telecom\.value/, why: 'a number is put together in its own order, and a speed dial code is no number' },
  { path: /^Patient\.extension\.extension\.valueString/, why: 'words of several races are listed, not added' },
  { path: /^Patient\.extension\.valueString/, why: 'a name reads as a name, without hyphens between its parts' },
  {
    path: /^Patient\.extension\.valueCodeableConcept/,
    why: 'AME is African Methodist Episcopal, and not the "African religions" of the goldens',
  },
  { path: /^(Procedure|Condition)\.identifier/, why: 'a set id is no identifier' },
  { path: /^Encounter\.location\.extension/, why: 'the status of the place says that it is temporary' },
  { path: /^(Service|Medication)Request\.intent/, why: 'the goldens flip between original and filler order' },
  {
    path: /^ServiceRequest\.note/,
    file: /SIU/,
    why: 'a remark on the service of a booking is listed and not carried: every organization reads calendars (H4)',
  },
  {
    path: /^ServiceRequest\.(identifier\.value|category)/,
    why: 'sub-components are taken apart; a referral has RF1-5 as category',
  },
  { path: /^Procedure\.performer\.function/, why: 'codes of the converter for roles of a procedure' },
  {
    path: /^Observation\.(component|code|identifier|effectiveDateTime|valueCodeableConcept)/,
    why: 'accident and document segments (ACC, OBX of an MDM): the guide maps none to observations, and we keep the content in the document',
  },
  { path: /^Observation\.valueString/, why: 'the content of a document is in the document, once' },
  {
    path: /^Coverage\.(costToBeneficiary|network|identifier)/,
    why: 'copay, network and policy number: no row of the guide',
  },
  {
    path: /^(Patient|RelatedPerson)\.identifier/,
    why: 'numbers of employers, of disability and of insurance segments are no numbers of the person',
  },
  { path: /^Patient\.name/, why: 'the insured of IN2 is a person of its own' },
  {
    path: /^(ClaimResponse|Substance|Account|ImmunizationRecommendation)\./,
    why: 'resources that no row of the guide makes',
  },
  {
    path: /^DocumentReference\.(docStatus|relatesTo)/,
    why: 'TXA-17 is the status of the document, not TXA-2; a parent is a reference',
  },
];
