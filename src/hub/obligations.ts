import type { Resource, Task } from '@medplum/fhirtypes';
import { HUB } from '../model/actor.ts';
import { ACT_IDENTIFIER, concept, TASK_CODE } from '../model/codes.ts';
import type { Database } from '../model/database.ts';
import type { ConfirmDelivery, RaiseParked, ReturnToSender } from '../model/flow.ts';
import type { Store, Stored } from '../model/store.ts';
import { EVERYTHING } from '../model/visibility.ts';
import { delivered, undelivered, undeliveredAct } from '../rules/delivery.ts';
import type { FhirRequest } from '../server/exchange.ts';
import type { FhirService } from '../server/service.ts';
import type { GatheredRows } from './gather-commands.ts';

/** Time an operator or sender has for something that did not get through. */
const DUE_MS = 15 * 60_000;

export interface Obligations {
  readonly raiseParked: RaiseParked;
  readonly returnToSender: ReturnToSender;
  readonly confirmDelivery: ConfirmDelivery;
}

async function write(
  service: FhirService,
  request: Omit<FhirRequest, 'body' | 'query'>,
  resource: Resource,
): Promise<void> {
  const { status } = await service.handle({ ...request, query: [], body: JSON.stringify(resource) }, HUB);
  if (status < 300) return;
  // Another writer was first: the sweep, which marks a row told only after this, comes again.
  const code = status === 409 || status === 412 ? 'database.conflict' : 'hub.internal';
  throw Object.assign(new Error(`the store answered ${status} to ${request.method} ${request.path[0]}`), { code });
}

/** What the flow's troubles and successes become in the store: Tasks under ids that make a repeat nothing, and arrivals. */
export function obligations(parts: {
  readonly database: Database;
  readonly store: Store;
  readonly service: FhirService;
  readonly now: () => number;
}): Obligations {
  const { database, store, service, now } = parts;
  const createOnce = async (act: string, task: Task): Promise<void> => {
    const identifier = [{ system: ACT_IDENTIFIER, value: act }];
    const condition = `identifier=${encodeURIComponent(`${ACT_IDENTIFIER}|${act}`)}`;
    await write(
      service,
      { method: 'POST', path: ['Task'], headers: { 'if-none-exist': condition } },
      { ...task, identifier },
    );
  };
  const gathered = (references: readonly string[], person: string | undefined) =>
    database.read<GatheredRows>('hub.gather', { references, ...(person === undefined ? {} : { person }) });
  return {
    async raiseParked({ journalId, partner, trigger, code }) {
      const at = new Date(now()).toISOString();
      await createOnce(`parked/${journalId}`, {
        resourceType: 'Task',
        status: 'requested',
        intent: 'order',
        priority: 'stat',
        code: concept(TASK_CODE, 'operator-attention'),
        // Codes and ids only: what the message says stays in the journal.
        description: `Message ${journalId} of ${partner} (${trigger}) is parked: ${code}`,
        authoredOn: at,
        lastModified: at,
        restriction: { period: { end: new Date(now() + DUE_MS).toISOString() } },
      });
    },
    async returnToSender(event) {
      const found = await gathered(event.resources, event.person);
      const patient = found.kind === 'found' ? patientOf(found) : undefined;
      const task = undelivered(event, patient, new Date(now()).toISOString(), new Date(now() + DUE_MS).toISOString());
      if (task) await createOnce(undeliveredAct(event), task);
    },
    async confirmDelivery(event, at) {
      const found = await gathered(event.resources, event.person);
      if (found.kind === 'missing') return;
      const resources = found.items.map((each) => each.resource);
      const roles = await rolesOf(store, resources);
      for (const changed of delivered(event, [...resources, ...roles], new Date(at).toISOString())) {
        // A person may answer at this very instant: his version is never overwritten, the confirmation comes again.
        const version = changed.meta?.versionId ?? '';
        await write(
          service,
          { method: 'PUT', path: [changed.resourceType, changed.id ?? ''], headers: { 'if-match': `W/"${version}"` } },
          changed,
        );
      }
    },
  };
}

function patientOf(found: Extract<GatheredRows, { kind: 'found' }>): string | undefined {
  for (const { resource } of found.items) {
    const { subject, for: whom } = resource as { subject?: { reference?: string }; for?: { reference?: string } };
    const reference = subject?.reference ?? whom?.reference;
    if (reference?.startsWith('Patient/')) return reference;
  }
  return undefined;
}

/** Roles and services the resources name, which say whose they are. */
async function rolesOf(store: Store, resources: readonly Resource[]): Promise<Resource[]> {
  const named = new Set<string>();
  for (const match of JSON.stringify(resources).matchAll(
    /"reference":"((?:PractitionerRole|HealthcareService)\/[A-Za-z0-9\-.]{1,64})"/g,
  )) {
    named.add(match[1] as string);
  }
  const found = await Promise.all(
    [...named].map((reference) => {
      const [type = '', id = ''] = reference.split('/');
      return store.read(type, id, EVERYTHING);
    }),
  );
  return found.filter((each): each is Stored => each !== undefined) as unknown as Resource[];
}
