import type { Bundle, Patient } from '@medplum/fhirtypes';
import type { Actor } from '../../model/actor.ts';
import { escapeValue } from '../../server/search-request.ts';
import type { FhirService } from '../../server/service.ts';
import type { PatientChoice } from './pages.ts';

const CHOICES_MAX = 20;

async function get<T>(
  service: FhirService,
  actor: Actor,
  path: readonly string[],
  query: readonly (readonly [string, string])[] = [],
): Promise<T | undefined> {
  const { status, body } = await service.handle({ method: 'GET', path, query, headers: {} }, actor);
  return status === 200 && body !== undefined ? (JSON.parse(body) as T) : undefined;
}

/** Patients this person may see, by the same search and with the same record of it as any other. */
export async function findPatients(service: FhirService, actor: Actor, find: string): Promise<PatientChoice[]> {
  const query = [...conditions(find), ['_count', String(CHOICES_MAX)] as const];
  const bundle = await get<Bundle<Patient>>(service, actor, ['Patient'], query);
  return (bundle?.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Patient' ? [choice(resource)] : [],
  );
}

function conditions(find: string): (readonly [string, string])[] {
  const text = find.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return [['birthdate', text]];
  if (/\d/.test(text)) return [['identifier', escapeValue(text)]];
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.slice(0, 5).map((word) => ['name', escapeValue(word)] as const);
}

/** The patient, if this person may see it. */
export async function patientFor(service: FhirService, actor: Actor, id: string): Promise<PatientChoice | undefined> {
  const patient = await get<Patient>(service, actor, ['Patient', id]);
  return patient && choice(patient);
}

/** Whether this person may see the encounter and it is the patient's. */
export async function isEncounterOf(
  service: FhirService,
  actor: Actor,
  encounter: string,
  patient: string,
): Promise<boolean> {
  const query = [['_id', encounter] as const, ['subject', `Patient/${patient}`] as const];
  return ((await get<Bundle>(service, actor, ['Encounter'], query))?.entry ?? []).length > 0;
}

function choice({ id = '', name, birthDate }: Patient): PatientChoice {
  const [first] = name ?? [];
  const words = first?.text ?? [...(first?.given ?? []), first?.family].filter((word) => word !== undefined).join(' ');
  return { id, label: [words || 'without a name', birthDate].filter((part) => part !== undefined).join(', ') };
}
