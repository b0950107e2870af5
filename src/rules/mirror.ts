import { MIRRORED_TYPES } from '../model/mirror.ts';
import type { OutboxEvent } from '../model/outbox.ts';
import type { Endpoint, MirrorTransport, Partner } from '../model/partner.ts';

/** A configured mirror: its queue's name, and whose organization is asked for at every send. */
export interface Mirror {
  readonly recipient: string;
  readonly partner: Partner;
  readonly transport: MirrorTransport;
}

/** One committed version of a resource, or its deletion. */
export interface MirroredChange {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly versionId: string;
  readonly interaction: 'create' | 'update' | 'delete';
  readonly person?: string;
}

export const recipientOf = (partner: Partner, { id }: Endpoint): string => `${partner.id}/${id}`;

/** The partner a queue belongs to: a mirror's is named after partner and endpoint. */
export const partnerIdOf = (recipient: string): string => recipient.split('/')[0] ?? recipient;

export function mirrorsOf(partners: readonly Partner[]): readonly Mirror[] {
  return partners.flatMap((partner) =>
    partner.endpoints.flatMap((endpoint) =>
      endpoint.transport.kind === 'mirror'
        ? [{ recipient: recipientOf(partner, endpoint), partner, transport: endpoint.transport }]
        : [],
    ),
  );
}

/** Types any mirror wants, each after what it usually refers to. */
export function mirroredTypes(mirrors: readonly Mirror[]): readonly string[] {
  const wanted = new Set(mirrors.flatMap(({ transport }) => transport.types));
  return MIRRORED_TYPES.filter((type) => wanted.has(type));
}

/**
 * One row for every mirror that holds the type. What goes is what stands in the store when it goes; the version only names the row.
 * `run`: the row belongs to a load and not to a change.
 */
export function mirrorEvents(change: MirroredChange, mirrors: readonly Mirror[], run?: string): readonly OutboxEvent[] {
  const { resourceType, resourceId, versionId, interaction, person } = change;
  const reference = `${resourceType}/${resourceId}`;
  const which = run ?? (interaction === 'delete' ? 'deleted' : 'stands');
  return mirrors
    .filter(({ transport }) => transport.types.includes(resourceType))
    .map(({ recipient, partner, transport }) => ({
      recipient,
      organization: partner.organization,
      eventKey: `mirror/${reference}/${versionId}/${which}`,
      kind: 'mirror',
      lane: 'normal',
      ...(person === undefined || person === '' ? {} : { person }),
      purpose: transport.purpose,
      // The one resource: what was told of it before is found by this.
      resources: [reference],
    }));
}
