import type { Coding } from '@medplum/fhirtypes';
import { mergeLabels } from '../fhir/labels.ts';
import type { Actor } from '../model/actor.ts';
import type { ApplyUnit } from '../model/store.ts';
import { hubIdentifier } from '../model/systems.ts';
import type { Change } from './commit.ts';
import type { FhirResource } from './engine.ts';

const PARTICIPANT = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';
const DATA_OPERATION = 'http://terminology.hl7.org/CodeSystem/v3-DataOperation';

/** What a Provenance is about: versions of resources of one person (or of none). */
export interface ProvenanceTarget {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly labels: readonly Coding[];
}

const securityOf = (targets: readonly ProvenanceTarget[]): { security?: Coding[] } => {
  const labels = targets.reduce<Coding[]>((all, { labels }) => mergeLabels(all, labels), []);
  return labels.length > 0 ? { security: labels } : {};
};

const references = (targets: readonly ProvenanceTarget[]): { reference: string }[] =>
  targets.map(({ type, id, version }) => ({ reference: `${type}/${id}/_history/${version}` }));

/**
 * Where versions made by a message come from: source organization, the hub as assembler with its mapping version, and the
 * hash of the message's bytes. It carries the labels of what it is about and names nobody else's resources. Rule: DOMAIN §B9, H5.
 */
export function messageProvenance(id: string, unit: ApplyUnit, targets: readonly ProvenanceTarget[]): FhirResource {
  const meta = securityOf(targets);
  return {
    resourceType: 'Provenance',
    id,
    ...(meta.security ? { meta } : {}),
    target: references(targets),
    occurredDateTime: unit.stamp.at,
    recorded: unit.provenance.receivedAt,
    activity: { text: unit.provenance.event },
    agent: [
      {
        type: { coding: [{ system: PARTICIPANT, code: 'author' }] },
        who: { reference: `Organization/${unit.organization}` },
      },
      {
        type: { coding: [{ system: PARTICIPANT, code: 'assembler' }] },
        who: {
          identifier: { system: hubIdentifier('mapping-version'), value: unit.provenance.mappingVersion },
          display: 'Handoff',
        },
      },
      ...(unit.provenance.software ?? []).map((display) => ({
        type: { coding: [{ system: PARTICIPANT, code: 'composer' }] },
        who: { display },
      })),
    ],
    entity: [
      {
        role: 'source',
        what: { identifier: { system: hubIdentifier('message-sha256'), value: unit.provenance.bodyHash } },
      },
    ],
  };
}

/** Who wrote versions by FHIR: the person and the organization of the actor. */
export function actorProvenance(
  id: string,
  actor: Actor,
  at: string,
  activity: 'CREATE' | 'UPDATE' | 'DELETE',
  targets: readonly ProvenanceTarget[],
): FhirResource {
  const meta = securityOf(targets);
  const who = actor.practitionerRole
    ? { reference: `PractitionerRole/${actor.practitionerRole}` }
    : { identifier: { system: hubIdentifier(actor.kind), value: actor.id } };
  return {
    resourceType: 'Provenance',
    id,
    ...(meta.security ? { meta } : {}),
    target: references(targets),
    recorded: at,
    activity: { coding: [{ system: DATA_OPERATION, code: activity }] },
    agent: [
      {
        type: { coding: [{ system: PARTICIPANT, code: 'author' }] },
        who,
        ...(actor.organization ? { onBehalfOf: { reference: `Organization/${actor.organization}` } } : {}),
      },
    ],
  };
}

/** The change that stores a Provenance: owned like what it is about, and about the same patient. */
export function provenanceChange(
  resource: FhirResource,
  before: Change['before'],
  owner: string,
  patient: string | undefined,
): Change {
  return { type: 'Provenance', id: resource.id!, before, resource, owner, patient, folded: false };
}
