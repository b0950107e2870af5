import type { Segment } from '../../src/hl7/tree.ts';
import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { conceptOf, known } from '../datatypes/coded.ts';
import { eiIdentifier, eiKey } from '../datatypes/identifier.ts';
import { quantity, unitOf } from '../datatypes/quantity.ts';
import { decimal, putTime } from '../datatypes/text.ts';
import { specimenKey } from '../keys.ts';
import { OBR_SPECIMEN, SAC_SPECIMEN, SPM_SPECIMEN } from '../segments/specimen.ts';
import { BODY_SITE } from '../tables/body-part.ts';
import { CONTAINER_TYPE } from '../tables/container-type.ts';
import { NOT_OF_A_PATIENT } from '../tables/specimen.ts';
import { ADDITIVE, REJECT_REASON, SPECIMEN_CONDITION } from '../tables/specimen-code.ts';
import { SPECIMEN_TYPE } from '../tables/specimen-type.ts';
import { codeKey } from './clinical.ts';
import { conceptAt, nodeOf } from './dosage.ts';

/** The specimens of one order or result: SPM with the SAC that follow each, and what the OBR says of them. */
export interface SpecimenGroup {
  readonly obr: Segment | undefined;
  readonly spm: readonly Segment[];
}

/**
 * True for a control, a calibrator and the like (SPM-11): what is measured in it is no result of the patient whose PID stands before it.
 * Parks the part, so that somebody sees it.
 */
export function isOfNobody(spm: readonly Segment[], scope: Scope): boolean {
  const [found] = spm;
  if (found === undefined || !spm.every((each) => NOT_OF_A_PATIENT.has(each.get(11)?.trim() ?? ''))) return false;
  scope.place(found, 11);
  scope.park(
    `SPM[${found.occurrence}]`,
    'map.specimen-of-nobody',
    'a control or calibrator is no specimen of a patient',
  );
  return true;
}

/**
 * Specimens of one order: one per SPM, keyed by its own number, else by the order and its type. An OBR without SPM states one of its
 * own where it says anything about one (senders before v2.5). Rule: v2-to-FHIR IG 1.0.0, SPM[Specimen], OBR[Specimen].
 */
export function stateSpecimens(group: SpecimenGroup, patient: Draft, order: string | undefined, scope: Scope): Draft[] {
  const { obr, spm } = group;
  if (spm.length > 0) return spm.flatMap((segment) => stateSpecimen(segment, group, patient, order, scope) ?? []);
  if (obr === undefined || order === undefined || ![9, 10, 14, 15, 39].some((field) => obr.field(field).hasContent)) {
    return [];
  }
  const specimen = scope.draft(specimenKey(scope.owner, patient.id, order, 'OBR'), patient.id);
  specimen.set('subject', patient.reference);
  ofRequest(obr, specimen, scope);
  return [specimen];
}

function stateSpecimen(
  spm: Segment,
  group: SpecimenGroup,
  patient: Draft,
  order: string | undefined,
  scope: Scope,
): Draft | undefined {
  const node = nodeOf(spm, 2, scope);
  // The placer's number goes first: an order has no other, and the result that answers it has both.
  const number = node === undefined ? undefined : (eiKey(node.part(1), scope) ?? eiKey(node.part(2), scope));
  const type = conceptAt(spm, 4, scope, SPECIMEN_TYPE.id);
  if (number === undefined && (order === undefined || type === undefined)) {
    scope.place(spm, 2);
    scope.issue('map.key-missing', 'a specimen without number, order or type is not carried');
    return undefined;
  }
  const key =
    number === undefined
      ? specimenKey(scope.owner, patient.id, order, codeKey(type!), spm.get(17))
      : specimenKey(scope.owner, number.system, number.value);
  const specimen = scope.draft(key, patient.id);
  specimen.set('subject', patient.reference);
  if (group.obr !== undefined) ofRequest(group.obr, specimen, scope);
  scope.apply(SPM_SPECIMEN, spm, specimen);
  parents(spm, specimen, scope);
  const [start, end] = [spm.get(17, 1, 1)?.trim(), spm.get(17, 1, 2)?.trim()];
  scope.place(spm, 17);
  collected(start, end, specimen, scope);
  modifiers(spm, specimen, scope);
  rejected(spm, specimen, scope);
  containers(spm, specimen, scope);
  return specimen;
}

function parents(spm: Segment, specimen: Draft, scope: Scope): void {
  const found = spm.repetitions(3).flatMap((repetition) => {
    scope.place(spm, 3);
    const node = new Node(repetition);
    const parent = eiKey(node.part(1), scope) ?? eiKey(node.part(2), scope);
    return parent === undefined ? [] : [{ type: 'Specimen', identifier: { ...parent } }];
  });
  if (found.length > 0) specimen.snapshot('parent[SPM-3]', found);
}

function collected(start: string | undefined, end: string | undefined, specimen: Draft, scope: Scope): void {
  if (!start && !end) return;
  if (!end || end === start) {
    specimen.set('collection.collectedDateTime', scope.time(start!, 'dateTime'));
    return;
  }
  const period: Record<string, unknown> = {};
  if (start) putTime(period, 'start', scope.time(start, 'dateTime'), scope);
  putTime(period, 'end', scope.time(end, 'dateTime'), scope);
  if (Object.keys(period).length > 0) specimen.set('collection.collectedPeriod', period as Json);
}

function modifiers(spm: Segment, specimen: Draft, scope: Scope): void {
  const found = spm.repetitions(9).flatMap((repetition) => {
    scope.place(spm, 9);
    const concept = conceptOf(new Node(repetition), scope, '0542');
    return concept === undefined
      ? []
      : [{ url: hubExtension('body-site-modifier'), valueCodeableConcept: concept as unknown as Json }];
  });
  if (found.length > 0) specimen.set('collection.extension', found);
}

/** A rejected specimen is unsatisfactory, whether it is still there or not. */
function rejected(spm: Segment, specimen: Draft, scope: Scope): void {
  const found = concepts(spm, 21, REJECT_REASON, scope).map(
    (valueCodeableConcept): Json => ({
      url: hubExtension('specimen-reject-reason'),
      valueCodeableConcept,
    }),
  );
  if (found.length === 0) return;
  specimen.snapshot('extension[SPM-21]', found);
  specimen.set('status', 'unsatisfactory');
}

/** One container per SAC; without any, what SPM-6 and SPM-27 say of one. */
function containers(spm: Segment, specimen: Draft, scope: Scope): void {
  const [type] = concepts(spm, 27, CONTAINER_TYPE, scope);
  const additives = concepts(spm, 6, ADDITIVE, scope);
  const sacs = following(spm, OF_CONTAINERS.has(scope.trigger) ? AT_SPECIMEN : AT_ORDER);
  const held = sacs.map((sac) => container(sac, type, additives[0], specimen, scope));
  if (held.length === 0 && (type !== undefined || additives.length > 0)) {
    held.push({
      ...(type !== undefined && { type }),
      ...(additives[0] !== undefined && { additiveCodeableConcept: additives[0] }),
    });
  }
  for (const additive of additives.slice(1)) held.push({ additiveCodeableConcept: additive });
  const filled = held.filter((each) => Object.keys(each).length > 0);
  if (filled.length > 0) specimen.snapshot('container[SPM]', filled);
}

/** Messages whose orders stand under the containers of a specimen: the next container comes after them. */
const OF_CONTAINERS = new Set(['O35', 'R23']);
const AT_SPECIMEN: ReadonlySet<string> = new Set(['SPM']);
const AT_ORDER: ReadonlySet<string> = new Set(['SPM', 'OBR', 'ORC']);

/** SAC after this SPM, up to the first segment of `until`. */
function following(spm: Segment, until: ReadonlySet<string>): Segment[] {
  const segments = spm.message.segments();
  const sacs: Segment[] = [];
  for (let at = spm.index + 1; at < segments.length && !until.has(segments[at]!.name); at += 1) {
    if (segments[at]!.name === 'SAC') sacs.push(segments[at]!);
  }
  return sacs;
}

function container(
  sac: Segment,
  type: Json | undefined,
  additive: Json | undefined,
  specimen: Draft,
  scope: Scope,
): Record<string, Json> {
  scope.apply(SAC_SPECIMEN, sac, specimen);
  const external = nodeOf(sac, 1, scope);
  const accession = external === undefined ? undefined : eiIdentifier(external, scope, 'ACSN');
  if (accession !== undefined) specimen.snapshot('identifier[SAC-1]', [accession as unknown as Json]);
  const held: Record<string, Json> = {};
  const identifiers = [3, 4].flatMap((field): Json[] => {
    const node = nodeOf(sac, field, scope);
    const found = node === undefined ? undefined : eiIdentifier(node, scope);
    if (found === undefined) return [];
    return [(field === 3 ? found : { use: 'secondary', ...found }) as unknown as Json];
  });
  if (identifiers.length > 0) held.identifier = identifiers;
  if (type !== undefined) held.type = type;
  const unit = unitOf(nodeOf(sac, 24, scope), scope);
  for (const [field, name] of [
    [21, 'capacity'],
    [22, 'specimenQuantity'],
  ] as const) {
    const value = decimal(sac.get(field)?.trim());
    if (value !== undefined) held[name] = quantity(value, unit) as Json;
  }
  const own = concepts(sac, 27, ADDITIVE, scope)[0] ?? additive;
  if (own !== undefined) held.additiveCodeableConcept = own;
  return held;
}

function concepts(segment: Segment, field: number, table: ConceptTable, scope: Scope): Json[] {
  const map = known(table);
  return segment.repetitions(field).flatMap((repetition) => {
    scope.place(segment, field);
    const found = map.read(new Node(repetition), scope);
    return found === undefined ? [] : [found as Json];
  });
}

/** What the OBR says of its specimen; SPM runs later and goes first. */
function ofRequest(obr: Segment, specimen: Draft, scope: Scope): void {
  scope.apply(OBR_SPECIMEN, obr, specimen);
  // Where a specimen is involved, OBR-7 is when it was collected. Rule: HL7 v2.5.1 section 4.5.3.7.
  scope.place(obr, 7);
  collected(obr.get(7)?.trim(), obr.get(8)?.trim(), specimen, scope);
  source(obr, specimen, scope);
}

/** OBR-15 (SPS): type, additive, words, site, site modifier, condition, each a composite of sub-components. */
function source(obr: Segment, specimen: Draft, scope: Scope): void {
  const node = nodeOf(obr, 15, scope);
  if (node === undefined) return;
  const part = (n: number, table: ConceptTable): Json | undefined =>
    known(table).read(node.part(n), scope) as Json | undefined;
  const type = part(1, SPECIMEN_TYPE);
  if (type !== undefined) specimen.set('type', type);
  const additive = part(2, ADDITIVE);
  if (additive !== undefined) specimen.snapshot('container[OBR-15]', [{ additiveCodeableConcept: additive }]);
  const words = node.get(3);
  if (words !== undefined) specimen.snapshot('note[OBR-15]', [{ text: words }]);
  const site = part(4, BODY_SITE);
  if (site !== undefined) specimen.set('collection.bodySite', site);
  const condition = part(6, SPECIMEN_CONDITION);
  if (condition !== undefined) specimen.snapshot('condition[OBR-15]', [condition]);
}
