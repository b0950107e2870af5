import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from '../datatypes/coded.ts';
import { putTime, whole } from '../datatypes/text.ts';
import { ELIGIBILITY_CODE, IMMUNITY, VACCINE_OBX } from '../tables/immunization.ts';
import { codeKey } from './clinical.ts';
import { notesAfter } from './notes-after.ts';
import { codeOf, type ObservationContext, stateObservation } from './observation.ts';

/** One RXA with what follows it up to the next. */
export interface Vaccination {
  readonly orc: Segment | undefined;
  readonly rxa: Segment;
  readonly segments: readonly Segment[];
  /** The order has no other RXA. */
  readonly isAlone: boolean;
}

/** One OBX of a vaccination: which one it is, its value and the part (OBX-4) it belongs to. */
interface Said {
  readonly obx: Segment;
  readonly key: string;
  readonly part: string;
}

/**
 * The OBX of one vaccination. Funding, eligibility, information sheets and doses are elements of the Immunization; a reaction is an
 * Observation it points at; everything else is an Observation that is part of it. Without an Immunization all are Observations.
 */
export function stateVaccineObservations(
  { rxa, segments }: Vaccination,
  immunization: Draft | undefined,
  id: string,
  patient: Draft,
  encounter: Draft | undefined,
  scope: Scope,
): void {
  const said = segments
    .filter((segment) => segment.name === 'OBX')
    .map((obx): Said => {
      const code = codeOf(obx, 3, scope);
      return { obx, key: code === undefined ? '' : codeKey(code), part: obx.get(4)?.trim() ?? '' };
    });
  const taken = immunization === undefined ? new Set<Segment>() : elements(said, immunization, scope);
  const context: ObservationContext = {
    patient,
    encounter,
    order: { system: 'urn:handoff:within:Immunization', value: id },
    time: rxa.get(3)?.trim(),
    status: undefined,
    isSeries: true,
  };
  for (const { obx, key } of said) {
    if (taken.has(obx)) continue;
    const observation = stateObservation(obx, context, notesAfter(obx), scope);
    if (observation === undefined || immunization === undefined) continue;
    observation.snapshot('partOf[RXA]', [immunization.reference]);
    if (key === VACCINE_OBX.reaction) reaction(obx, observation, immunization, scope);
  }
  if (immunization !== undefined) visitEligibility(immunization, scope);
}

/** What becomes an element of the Immunization; gives the OBX that did. */
function elements(said: readonly Said[], immunization: Draft, scope: Scope): Set<Segment> {
  const taken = new Set<Segment>();
  const concepts = (key: string): { obx: Segment; value: Json }[] =>
    said
      .filter((each) => each.key === key)
      .flatMap(({ obx }) => {
        const value = valueConcept(obx, scope);
        return value === undefined ? [] : [{ obx, value }];
      });
  const eligible = concepts(VACCINE_OBX.eligibility);
  if (eligible.length > 0)
    immunization.snapshot(
      'programEligibility[OBX]',
      eligible.map(({ value }) => value),
    );
  const [funding] = concepts(VACCINE_OBX.funding);
  if (funding !== undefined) immunization.set('fundingSource', funding.value);
  for (const { obx } of [...eligible, ...(funding === undefined ? [] : [funding])]) taken.add(obx);
  notGiven(concepts, immunization);
  for (const obx of [...education(said, immunization, scope), ...protocol(said, immunization, scope)]) taken.add(obx);
  return taken;
}

/** Why nothing was given, where RXA-18 does not say: a contraindication or presumed immunity. They stay Observations too. */
function notGiven(concepts: (key: string) => { value: Json }[], immunization: Draft): void {
  if (immunization.value('status') !== 'not-done' || immunization.has('statusReason')) return;
  const [contraindication] = concepts(VACCINE_OBX.contraindication);
  const [immune] = concepts(VACCINE_OBX.presumedImmunity);
  if (contraindication !== undefined) immunization.set('statusReason', contraindication.value);
  else if (immune !== undefined) immunization.set('statusReason', IMMUNITY as unknown as Json);
}

function valueConcept(obx: Segment, scope: Scope): Json | undefined {
  const element = obx.field(5).repetition(1);
  if (!element.hasContent || element.isDelete) return undefined;
  scope.place(obx, 5);
  return conceptOf(new Node(element), scope) as unknown as Json | undefined;
}

/** Information sheets: one per OBX-4. R4 needs a document type (imm-1); dates without one stay Observations. */
function education(said: readonly Said[], immunization: Draft, scope: Scope): Segment[] {
  const { documentType, vaccineType, published, presented } = VACCINE_OBX;
  const keys: readonly string[] = [documentType, vaccineType, published, presented];
  const parts = new Map<string, Said[]>();
  for (const each of said) {
    if (keys.includes(each.key)) parts.set(each.part, [...(parts.get(each.part) ?? []), each]);
  }
  const sheets: Json[] = [];
  const taken: Segment[] = [];
  for (const part of parts.values()) {
    const named = part.find(({ key }) => key === documentType) ?? part.find(({ key }) => key === vaccineType);
    const dated = part.some(({ key }) => key === published || key === presented);
    const words = named === undefined ? undefined : (valueConcept(named.obx, scope) as Words | undefined);
    const text = words?.text ?? words?.coding?.[0]?.display ?? words?.coding?.[0]?.code;
    // A vaccine type alone is no sheet: forecasts name one too.
    if (text === undefined || (named?.key === vaccineType && !dated)) continue;
    const sheet: Record<string, unknown> = { documentType: text };
    for (const [key, name] of [
      [published, 'publicationDate'],
      [presented, 'presentationDate'],
    ] as const) {
      const of = part.find((each) => each.key === key);
      const at = of?.obx.get(5)?.trim();
      if (of === undefined || !at) continue;
      scope.place(of.obx, 5);
      putTime(sheet, name, scope.time(at, 'dateTime'));
    }
    sheets.push(sheet as Json);
    taken.push(...part.map(({ obx }) => obx));
  }
  if (sheets.length > 0) immunization.snapshot('education[OBX]', sheets);
  return taken;
}

interface Words {
  readonly text?: string;
  readonly coding?: readonly { readonly display?: string; readonly code?: string }[];
}

/** Dose in series, once per OBX-4. R4 needs the dose number; a schedule without one stays an Observation. */
function protocol(said: readonly Said[], immunization: Draft, scope: Scope): Segment[] {
  const protocols: Json[] = [];
  const taken: Segment[] = [];
  for (const { obx, part } of said.filter(({ key }) => key === VACCINE_OBX.doseNumber)) {
    const number = counted(obx, 'doseNumber');
    if (number === undefined) continue;
    const of = (key: string) => said.find((each) => each.part === part && each.key === key)?.obx;
    const doses = of(VACCINE_OBX.seriesDoses);
    const series = of(VACCINE_OBX.series);
    const schedule = of(VACCINE_OBX.schedule);
    const words = (segment: Segment | undefined) => {
      const found = segment === undefined ? undefined : (valueConcept(segment, scope) as Words | undefined);
      return found?.text ?? found?.coding?.[0]?.display ?? found?.coding?.[0]?.code;
    };
    const name = words(series);
    const authority = words(schedule);
    protocols.push({
      ...(name !== undefined && { series: name }),
      ...(authority !== undefined && { authority: { display: authority } }),
      ...number,
      ...(doses === undefined ? {} : counted(doses, 'seriesDoses')),
    });
    taken.push(obx, ...[doses, series, schedule].filter((each) => each !== undefined));
  }
  if (protocols.length > 0) immunization.snapshot('protocolApplied[OBX]', protocols);
  return taken;
}

function counted(obx: Segment, name: 'doseNumber' | 'seriesDoses'): Record<string, Json> | undefined {
  const text = obx.get(5)?.trim();
  if (!text) return undefined;
  const value = whole(text);
  return value !== undefined ? { [`${name}PositiveInt`]: value } : { [`${name}String`]: text };
}

function reaction(obx: Segment, observation: Draft, immunization: Draft, scope: Scope): void {
  const found: Record<string, unknown> = { detail: observation.reference };
  const at = obx.get(14)?.trim();
  scope.place(obx, 14);
  if (at) putTime(found, 'date', scope.time(at, 'dateTime'));
  immunization.snapshot(`reaction[${observation.id}]`, [found as Json]);
}

/** PV1-20 of older senders: the eligibility for all vaccinations of the visit. */
function visitEligibility(immunization: Draft, scope: Scope): void {
  const pv1 = scope.message.segment('PV1');
  const code = pv1?.get(20)?.trim();
  if (code === undefined || !ELIGIBILITY_CODE.test(code) || immunization.has('programEligibility[OBX]')) return;
  immunization.snapshot('programEligibility[PV1-20]', [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0064', code }] },
  ]);
}
