import type { Appointment, Bundle, DocumentReference, Identifier, Reference, Resource } from '@medplum/fhirtypes';
import { highWaterMark, labelBits } from '../fhir/labels.ts';
import { parseReference } from '../fhir/references.ts';
import { LABEL } from '../model/labels.ts';
import { type Decision, REDACTED, Released } from '../model/released.ts';
import { DIRECTORY_TYPES } from './resource-types.ts';

/** The short form of 42 CFR 2.32; goes with every Part 2 disclosure. Configuration may replace it. */
export const PART2_NOTICE = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.';

const MASKED = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
};

/** References without which R4 calls the resource invalid: they are masked, all others are left out. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  CarePlan: ['subject'],
  ClinicalImpression: ['subject'],
  Condition: ['subject'],
  Coverage: ['beneficiary', 'payor'],
  DeviceRequest: ['subject'],
  EpisodeOfCare: ['patient'],
  Flag: ['subject'],
  Goal: ['subject'],
  MedicationAdministration: ['subject', 'medicationReference'],
  MedicationDispense: ['medicationReference'],
  MedicationRequest: ['subject', 'medicationReference'],
  MedicationStatement: ['subject', 'medicationReference'],
  Procedure: ['subject'],
  Provenance: ['target', 'who'],
  RiskAssessment: ['subject'],
  ServiceRequest: ['subject'],
};

/**
 * What may leave, as one collection Bundle: permitted resources, reduced ones, nothing that points at what stays behind (no reference,
 * no display, no identifier of it), the strictest label of its content on top. With Part 2 content, the consents it rests on and the
 * notice go along. `resources` are the very versions the decision was about, first the one it is all about: when that stays, everything
 * stays (a patient and two organizations without the note would tell that there is a note). Undefined: nothing leaves.
 * Rule: H3, H4, DOMAIN B8.
 */
export function release(
  decision: Decision,
  resources: readonly Resource[],
  notice: string = PART2_NOTICE,
): Released | undefined {
  const leaving = resources.filter((each) => outcomeOf(decision, each) !== undefined);
  if (resources[0] === undefined || leaving[0] !== resources[0]) return undefined;
  const staying = resources.filter((each) => outcomeOf(decision, each) === undefined);
  const bounds: Bounds = { leaving: names(leaving), staying: names(staying), identifiers: identifiersOf(staying) };
  const shown = leaving.map((each) =>
    outcomeOf(decision, each) === 'redact' ? reduce(each) : withoutHidden(each, bounds),
  );
  const kept = shown.filter((each) => each !== undefined);
  const part2 = kept.some((each) => (labelBits(highWaterMark([each])) & LABEL.PART2) !== 0);
  const accompanying = part2 ? [noticeDocument(notice)] : [];
  const entries = [...kept, ...(part2 ? decision.consents : []), ...accompanying];
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: entries.map((resource) => ({ resource })),
  };
  const mark = highWaterMark(kept);
  if (mark.length > 0) bundle.meta = { security: mark };
  return Released.under(decision, bundle, decision.recipient, part2 ? { text: notice, accompanying } : undefined);
}

/** What of the set goes, what stays, and by which identifiers the latter could be named. */
interface Bounds {
  readonly leaving: ReadonlySet<string>;
  readonly staying: ReadonlySet<string>;
  readonly identifiers: ReadonlySet<string>;
}

const names = (resources: readonly Resource[]) => new Set(resources.map((each) => `${each.resourceType}/${each.id}`));

function outcomeOf(decision: Decision, resource: Resource): 'permit' | 'redact' | undefined {
  const outcome = decision.outcomeOf(`${resource.resourceType}/${resource.id}`);
  return outcome === 'deny' ? undefined : outcome;
}

function noticeDocument(text: string): DocumentReference {
  const data = Buffer.from(text, 'utf8').toString('base64');
  return {
    resourceType: 'DocumentReference',
    status: 'current',
    description: text,
    content: [{ attachment: { contentType: 'text/plain', data } }],
  };
}

/** The reduced form: of an Appointment that the person is busy, and nothing of why, where or with whom. Other types have none. */
export function reduce(resource: Resource): Resource | undefined {
  if (resource.resourceType !== 'Appointment') return undefined;
  const patient = resource.participant.find((each) => each.actor?.reference?.startsWith('Patient/'));
  const busy: Appointment = {
    resourceType: 'Appointment',
    meta: { security: [...(resource.meta?.security ?? []), { ...REDACTED }] },
    status: resource.status,
    participant: [{ status: patient?.status ?? 'accepted', ...actorOf(patient?.actor?.reference) }],
  };
  if (resource.id !== undefined) busy.id = resource.id;
  if (resource.start !== undefined) busy.start = resource.start;
  if (resource.end !== undefined) busy.end = resource.end;
  return busy;
}

function actorOf(reference: string | undefined): { actor?: Reference<never> } {
  return reference === undefined ? {} : { actor: { reference } };
}

function identifiersOf(resources: readonly Resource[]): Set<string> {
  const found = new Set<string>();
  for (const resource of resources) {
    const own = (resource as { identifier?: unknown }).identifier;
    for (const each of Array.isArray(own) ? own : [own]) {
      const identifier = each as Identifier | undefined;
      if (identifier?.value !== undefined) found.add(keyOf(identifier));
    }
  }
  return found;
}

/** A copy without references to what does not leave. A narrative goes too as soon as anything went: it may retell it. */
function withoutHidden(resource: Resource, bounds: Bounds): Resource {
  const required = REQUIRED[resource.resourceType] ?? [];
  let removed = 0;
  const strip = (value: unknown, key: string, depth: number): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items = value.map((item) => strip(item, key, depth)).filter((item) => item !== undefined);
      return items.length === 0 && value.length > 0 ? undefined : items;
    }
    if (isHidden(value as Reference, bounds)) {
      removed++;
      return required.includes(key) && depth <= 2 ? { ...MASKED } : undefined;
    }
    const before = removed;
    const result: Record<string, unknown> = {};
    for (const [name, child] of Object.entries(value)) {
      const kept = strip(child, name, depth + 1);
      if (kept !== undefined) result[name] = kept;
    }
    return depth > 0 && removed > before && isHollow(result) ? undefined : result;
  };
  const result = strip(resource, resource.resourceType, 0) as Resource & { text?: unknown };
  if (removed === 0) return resource;
  delete result.text;
  const security = [...(resource.meta?.security ?? []), { ...REDACTED }];
  return { ...result, meta: { ...resource.meta, security } } as Resource;
}

/** What is left of an element whose content went: only its name (`type`, `role`, `status`, `id`) says that there was something. */
function isHollow(element: Record<string, unknown>): boolean {
  return Object.keys(element).every((name) => ['id', 'extension', 'type', 'role', 'status', 'url'].includes(name));
}

/** A reference that must not leave: to a resource outside this release, unless it is of the directory; or by a hidden identifier. */
function isHidden(value: Reference, { leaving, staying, identifiers }: Bounds): boolean {
  const { identifier } = value;
  const logical = 'reference' in value || 'display' in value || 'type' in value;
  if (logical && identifier?.value !== undefined && identifiers.has(keyOf(identifier))) return true;
  if (typeof value.reference !== 'string') return false;
  const parsed = parseReference(value.reference);
  if (parsed.kind === 'contained' || parsed.kind === 'urn') return false;
  if (parsed.kind !== 'local') return true;
  const name = `${parsed.type}/${parsed.id}`;
  if (leaving.has(name)) return false;
  return staying.has(name) || !DIRECTORY_TYPES.includes(parsed.type);
}

const keyOf = (identifier: Identifier) => `${identifier.system ?? ''}|${identifier.value}`;
