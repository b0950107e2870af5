/** Types that describe the network and no patient: they go with whatever points at them. */
export const DIRECTORY_TYPES: readonly string[] = [
  'Endpoint',
  'HealthcareService',
  'Location',
  'Medication',
  'Organization',
  'OrganizationAffiliation',
  'Practitioner',
  'PractitionerRole',
  'Questionnaire',
  'Substance',
];

/** Every type that can be about a patient (R4). A grant for some types withholds all the others by name. */
export const PERSON_TYPES: readonly string[] = (
  'Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary BodyStructure Bundle ' +
  'CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication CommunicationRequest Composition ' +
  'Condition Consent Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device ' +
  'DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter EnrollmentRequest ' +
  'EnrollmentResponse EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Flag Goal Group GuidanceResponse ' +
  'ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation Invoice Linkage List Measure ' +
  'MeasureReport Media MedicationAdministration MedicationDispense MedicationRequest MedicationStatement MessageHeader ' +
  'MolecularSequence NutritionOrder Observation OperationOutcome Parameters Patient PaymentNotice ' +
  'PaymentReconciliation Person Procedure Provenance QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject ' +
  'RiskAssessment Schedule ServiceRequest Slot Specimen Subscription SupplyDelivery SupplyRequest Task VerificationResult ' +
  'VisionPrescription'
).split(' ');
