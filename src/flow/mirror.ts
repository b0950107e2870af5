import type { Resource } from '@medplum/fhirtypes';
import { jsonHash } from '../fhir/canonical.ts';
import { renderMirror, renderRemoval } from '../mapping/outbound/render-mirror.ts';
import { failureOf } from '../model/failure.ts';
import type { MirrorTransport } from '../model/partner.ts';
import { decide } from '../rules/consent.ts';
import { release } from '../rules/release.ts';
import type { DeliverDeps } from './deliver.ts';
import { controlIdOf } from './endpoint-choice.ts';
import type { ClaimedRow } from './outbox-commands.ts';
import { MIRROR_REMOVED, type Mirrored } from './outbox-queries.ts';
import { done, holdsSubject, parked, type Ready, resourcesIn } from './ready.ts';

/**
 * What a mirror is to be told of one resource now: as it stands in the store, in what consent lets go at this instant, or that it is
 * gone. What the mirror was told last is not told again, and it hears nothing of a deletion of what it never held.
 */
export async function prepareMirror(
  deps: Pick<DeliverDeps, 'db' | 'gather' | 'now'>,
  row: ClaimedRow,
  transport: MirrorTransport,
): Promise<Ready> {
  const [subject] = row.event.resources;
  if (subject === undefined) return done(parked('deliver.resource-missing'));
  const at = new Date(deps.now());
  const gathered = await deps.gather(row.event, at);
  if (gathered.kind === 'wait') return done(parked(gathered.code, gathered.text));
  if (gathered.kind === 'missing') {
    const told = await mirrored(deps, row, [subject]);
    if (!gathered.last || !told.held.includes(subject)) return UNCHANGED;
    return ready(row, renderRemoval(gathered.last, transport), MIRROR_REMOVED, [subject]);
  }
  const { organization, purpose } = row.event;
  const { items, facts } = gathered;
  const decision = decide({ facts, items, recipient: organization, purpose, at: at.toISOString() });
  const resources = items.map(({ resource }) => resource as Resource);
  const released = release(decision, resources);
  if (!released || !holdsSubject(released, row.event))
    return done({ kind: 'refused', code: 'consent.denied', text: failureOf('consent.denied').text, holdLane: false });
  const told = await mirrored(
    deps,
    row,
    resources.map((each) => `${each.resourceType}/${each.id}`),
  );
  const bytes = renderMirror(subject, released.bundle, transport, new Set(told.held));
  const digest = jsonHash([released.basis.fingerprint, Buffer.from(bytes).toString('utf8')]);
  return told.last === digest ? UNCHANGED : ready(row, bytes, digest, resourcesIn(released, row.event));
}

/** Nothing is sent, and the row ends as one whose content is there. */
const UNCHANGED: Ready = done({ kind: 'sent', ackCode: 'unchanged', ack: new Uint8Array() });

const mirrored = ({ db }: Pick<DeliverDeps, 'db'>, { id, event }: ClaimedRow, references: readonly string[]) =>
  db.read<Mirrored>('outbox.mirrored', { recipient: event.recipient, row: id, references });

/** The bytes of an earlier attempt at the same content go again under their control id. */
function ready(row: ClaimedRow, payload: Uint8Array, digest: string, resources: readonly string[]): Ready {
  if (row.payload && row.controlId && row.digest === digest)
    return { kind: 'ready', payload: row.payload, controlId: row.controlId, digest, stored: true, resources };
  return { kind: 'ready', payload, controlId: controlIdOf(row.event, digest), digest, stored: false, resources };
}
