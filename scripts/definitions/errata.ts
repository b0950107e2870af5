/** Invariants whose published expression contradicts the published text; what is used instead, and why. */
export const INVARIANT_ERRATA: Readonly<Record<string, { readonly expression: string; readonly why: string }>> = {
  'app-4': {
    expression: "cancelationReason.exists() implies (status = 'noshow' or status = 'cancelled')",
    why: 'Published with the code no-show, which the status value set does not have; its code is noshow.',
  },
  'bdl-8': {
    expression: "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    why: 'Published without the guard it gives an empty result, read as false, for entries without fullUrl.',
  },
  'ras-2': {
    expression: 'probability.empty() or ((probability is decimal) implies ((probability as decimal) <= 100))',
    why: 'Published without the guard it gives an empty result where there is no probability.',
  },
  'tim-9': {
    expression: "offset.empty() or (when.exists() and when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())",
    why: 'Published with `in` on a repeating element, an error as soon as there are two.',
  },
  'con-3': {
    expression:
      "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-category' and code = 'problem-list-item').empty()",
    why: 'Published comparing a CodeableConcept with a string, which is never equal: the rule would never speak.',
  },
};
