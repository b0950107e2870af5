import type { Decision } from '../src/mapping/row.ts';

/** A decision about rows of the guide that stand in no segment map of ours. */
interface RowDecision {
  readonly map: string;
  /** A message structure whose row it is; absent: a row of the segment map. */
  readonly message?: string;
  /** A field; absent: every row of the map. */
  readonly from?: string;
  /** An element; absent: whatever the field is mapped to. */
  readonly to?: string;
  readonly not: Decision['not'];
  readonly why: string;
}

const ENVELOPE =
  'the journal keeps the message and its header, and one Provenance per message names source, hash and map';
const TRAIL =
  'who entered, verified and sent a message is in the journal and its Provenance; the clinical resource has its own author';

/** Maps of the guide that we do not have at all. */
export const MAP_DECISIONS: Readonly<Record<string, { readonly not: Decision['not']; readonly why: string }>> = {
  'MSH[Bundle]': { not: 'superseded', why: ENVELOPE },
  'MSH[MessageHeader]': { not: 'superseded', why: ENVELOPE },
  'MSH[Provenance-Operator]': { not: 'superseded', why: ENVELOPE },
  'MSH[Provenance-Source]': { not: 'superseded', why: ENVELOPE },
  'MSH[Provenance-Transformation]': { not: 'superseded', why: ENVELOPE },
  'MSH[Encounter]': {
    not: 'unsafe',
    why: 'A04 would be planned and A08 unknown: the trigger table of encounter.ts decides. Rule: DOMAIN E2',
  },
  'MSA[MessageHeader]': { not: 'unsafe', why: 'an acknowledgement accepts nothing clinical' },
  'EVN[Provenance]': { not: 'superseded', why: ENVELOPE },
  'SFT[Device]': { not: 'superseded', why: 'the Provenance of the message names the software' },
  'SFT[MessageHeader]': { not: 'superseded', why: 'the Provenance of the message names the software' },
  'ORC[Provenance]': { not: 'superseded', why: TRAIL },
  'PID[Provenance-Patient]': { not: 'superseded', why: TRAIL },
  'SCH[Provenance]': { not: 'superseded', why: TRAIL },
  'TXA[Provenance]': { not: 'superseded', why: TRAIL },
  'PV1[Basic-EncounterHistory]': {
    not: 'superseded',
    why: 'the store keeps every version of the Encounter, with its places',
  },
  'MRG[Account]': { not: 'unsafe', why: 'moving an account between patients is an identity event: it parks. Rule: H7' },
  'PV1[Coverage]': { not: 'unsafe', why: 'the financial class of a visit is no type of a policy' },
  'PV1[Patient]': { not: 'unsafe', why: 'a VIP mark of one visit does not mark the person' },
  'NK1[Patient]': {
    not: 'duplicate',
    why: 'each NK1 is a RelatedPerson: a contact beside it would be stated twice and merge badly',
  },
  'SCH[ServiceRequest]': {
    not: 'unsafe',
    why: 'a schedule refers to an order (basedOn); it states nothing about it, least of all its status',
  },
  'AIS[ServiceRequest]': { not: 'unsafe', why: 'a schedule states nothing about the order it serves' },
  'DG1[EpisodeOfCare]': {
    not: 'duplicate',
    why: 'Encounter.diagnosis and the Condition hold it; the episode has its encounters',
  },
  'ROL[RelatedPerson]': {
    not: 'unsafe',
    why: 'an id in a provider field says not of whom: it could become a second person',
  },
  'PRT[RelatedPerson]': {
    not: 'unsafe',
    why: 'an id in a participation says not of whom: it could become a second person',
  },
  'ROL[Encounter-PractitionerRole]': {
    not: 'duplicate',
    why: 'a role stands in the CareTeam; PV1 names the participants of the visit',
  },
  'ROL[Patient-GeneralPractitioner]': {
    not: 'duplicate',
    why: 'PD1-4 states it; a ROL of a primary care provider stands in the CareTeam with its role',
  },
  'PRT[Patient-GeneralPractitioner-Practitioner]': {
    not: 'duplicate',
    why: 'PD1-4 states it; the PRT stands in the CareTeam with its role',
  },
  'PRT[Patient-GeneralPractitioner-PractitionerRole]': {
    not: 'duplicate',
    why: 'PD1-4 states it; the PRT stands in the CareTeam with its role',
  },
  'PRT[PractitionerRole]': {
    not: 'superseded',
    why: 'R4 takes the Practitioner with the role beside it; the CareTeam has both',
  },
  'PRT[Observation-Location]': { not: 'out-of-scope', why: 'a participating place of one observation' },
  'PRT[Device]': {
    not: 'out-of-scope',
    why: 'UDI carriers of participating devices; the devices of doses are in RXR and RXA',
  },
  'IN3[CareTeam]': {
    not: 'out-of-scope',
    why: 'the case manager of an insurer; what is certified stands beside the Coverage',
  },
  'PD1[Observation-LivingWill]': {
    not: 'unsafe',
    why: "a registration clerk's flag is no advance directive a clinician may act on",
  },
  'OBX[Observation-Component]': {
    not: 'superseded',
    why: 'each OBX is an Observation of its own; only blood pressure is a panel, and its parts are components',
  },
  'PID[Appointment]': { not: 'duplicate', why: 'the patient is a participant; the extension says the same again' },
  'NTE[DocumentReference]': { not: 'unsafe', why: 'a remark on a document is not its content' },
  'CWE[Device]': { not: 'superseded', why: ENVELOPE },
  'CWE[Duration]': { not: 'superseded', why: 'units of time are read with their amount, as UCUM' },
  'CWE[Timing-DurationUnit]': { not: 'superseded', why: 'units of time are read with their amount, as UCUM' },
  'CWE[Identifier]': { not: 'unsafe', why: 'a coded service or plan is no identifier of the thing it names' },
  'CWE[Observation-SupportingInfo]': {
    not: 'superseded',
    why: 'OBR-13 is a note of the order; an Observation would claim that somebody observed it',
  },
  'CWE[PractitionerRole]': { not: 'superseded', why: 'the role is beside the member' },
  'CWE[uri]': { not: 'unsafe', why: 'a code is no URI' },
  'CQ[unsignedInt]': { not: 'contradicts-r4', why: 'offset needs an event (tim-9): TQ1-5 has none' },
  'ED[DocumentReference]': { not: 'superseded', why: 'the attachment stands on the observation or document itself' },
  'RP[DocumentReference]': { not: 'superseded', why: 'the attachment stands on the observation or document itself' },
  'EI[Coding]': { not: 'unsafe', why: 'an identifier is no code' },
  'EI[Condition]': { not: 'superseded', why: 'the id of a diagnosis is its key' },
  'EI[Device-udiCarrier]': { not: 'unsafe', why: 'OBX-18 is any equipment id; a UDI says so itself' },
  'HD[Device]': { not: 'superseded', why: ENVELOPE },
  'HD[Identifier]': { not: 'superseded', why: ENVELOPE },
  'HD[Location]': { not: 'superseded', why: ENVELOPE },
  'HD[MessageHeader.destination-endpoint]': { not: 'superseded', why: ENVELOPE },
  'HD[MessageHeader.destination-name]': { not: 'superseded', why: ENVELOPE },
  'HD[MessageHeader.source-endpoint]': { not: 'superseded', why: ENVELOPE },
  'HD[MessageHeader.source-name]': { not: 'superseded', why: ENVELOPE },
  'HD[Organization]': {
    not: 'superseded',
    why: 'an assigner is the identifier system; a partner is a known Organization',
  },
  'ID[CodeableConcept-UniversalID]': {
    not: 'superseded',
    why: 'the type of a universal id decides the form of the system URI',
  },
  'MSG[Coding]': { not: 'superseded', why: ENVELOPE },
  'MSG[MessageHeader]': { not: 'superseded', why: ENVELOPE },
  'PT[Meta]': { not: 'superseded', why: ENVELOPE },
  'NA[SampledData]': {
    not: 'contradicts-r4',
    why: 'SampledData needs an origin and a period; NA has neither. The numbers stay as text',
  },
  'TQ[Task-ExecutionPeriod]': { not: 'superseded', why: 'the request has the timing; a Task has its own deadline' },
  'TQ[Task-Priority]': { not: 'superseded', why: 'the request has the priority' },
  'XCN[Patient]': {
    not: 'unsafe',
    why: 'an id in a provider field says not of whom: it could become a second patient',
  },
  'XCN[RelatedPerson]': {
    not: 'unsafe',
    why: 'an id in a provider field says not of whom: it could become a second person',
  },
  'XON[Location]': { not: 'superseded', why: 'an organization stays an organization' },
};

/** Rows decided one by one, where a segment map of ours has the rest. */
export const ROW_DECISIONS: readonly RowDecision[] = [
  {
    map: 'ORC[ServiceRequest]',
    message: 'VXU_V04',
    not: 'unsafe',
    why: 'a vaccination record tells what was done: an active order beside it would ask for it again',
  },
  {
    map: 'PID[Account]',
    message: 'ADT_A17',
    not: 'superseded',
    why: 'two patients change places: their accounts are as their own messages say',
  },
  {
    map: 'NTE[ServiceRequest]',
    message: 'VXU_V04',
    not: 'superseded',
    why: 'the note is of the observation or the vaccination it follows; there is no ServiceRequest',
  },
  {
    map: 'RXO[MedicationRequest]',
    from: 'RXO-5',
    to: 'medication',
    not: 'superseded',
    why: 'the form travels beside the code',
  },
  {
    map: 'RXO[MedicationRequest]',
    from: 'RXE-19',
    to: 'dosageInstruction',
    not: 'duplicate',
    why: 'a row of RXE: RXE[MedicationRequest] carries it',
  },
  {
    map: 'RXO[MedicationRequest]',
    to: 'intent',
    not: 'unsafe',
    why: 'order: what is an original order only its placer knows. Rule: DOMAIN E2',
  },
];
