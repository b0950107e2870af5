import type {
  CodeableConcept,
  Medication,
  MedicationAdministration,
  MedicationRequest,
  Resource,
} from '@medplum/fhirtypes';

export type DosingDrug = 'esketamine' | 'ketamine';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const NDC = 'http://hl7.org/fhir/sid/ndc';
const BY_RXNORM: Readonly<Record<string, DosingDrug>> = {
  '2201623': 'esketamine',
  '2201625': 'esketamine',
  '6130': 'ketamine',
};
/** Labeler and product, with or without the zeros of the billing form. Rule: DOMAIN B4. */
const BY_NDC: readonly (readonly [RegExp, DosingDrug])[] = [
  [/^50458-?0?028\b/, 'esketamine'],
  [/^67457-?0?(001|181|108)\b/, 'ketamine'],
];

/**
 * Esketamine or racemic ketamine, by code, else by the words a source wrote; undefined: neither is said. When codes and words name
 * different drugs it is undefined too: the two are never confused. Rule: DOMAIN B4, H11.
 */
export function dosingDrug(concept: CodeableConcept | undefined): DosingDrug | undefined {
  const codings = concept?.coding ?? [];
  const coded = codings.flatMap(({ system, code = '' }) => {
    if (system === RXNORM) return BY_RXNORM[code] ?? [];
    return system === NDC ? (BY_NDC.find(([pattern]) => pattern.test(code))?.[1] ?? []) : [];
  });
  const said = [concept?.text, ...codings.map((each) => each.display)].flatMap((words) => byWords(words) ?? []);
  const all = new Set([...coded, ...said]);
  return all.size === 1 ? [...all][0] : undefined;
}

function byWords(words: string | undefined): DosingDrug | undefined {
  if (words === undefined) return undefined;
  if (/esketamine|spravato/i.test(words)) return 'esketamine';
  return /\bketamine|ketalar/i.test(words) ? 'ketamine' : undefined;
}

/** The drug of an order or administration: its own code, or that of the Medication it contains. */
export function drugOf(resource: MedicationRequest | MedicationAdministration): DosingDrug | undefined {
  const inner = resource.medicationReference?.reference?.replace(/^#/, '');
  const held = (resource.contained ?? []).find((each: Resource): each is Medication => each.id === inner) as
    | Medication
    | undefined;
  const words = resource.medicationReference?.display;
  return dosingDrug(
    resource.medicationCodeableConcept ?? held?.code ?? (words === undefined ? undefined : { text: words }),
  );
}
