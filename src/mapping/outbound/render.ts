import type { Bundle } from '@medplum/fhirtypes';
import type { Issue } from '../../model/assertion.ts';
import type { Endpoint, Partner } from '../../model/partner.ts';
import { encode, outboundCharset } from './bytes.ts';
import type { OutboundEvent, Subject } from './event.ts';
import { headerOf } from './header.ts';
import { needsNotice, sayLabels } from './label.ts';
import { lossOf } from './loss.ts';
import { Notes } from './notes.ts';
import { isIssue, type OutboundMaps, type OutboundMessage, refusal, type SegmentPlan, type Writing } from './row.ts';
import { NOTICE_PATH, type Scene, sceneOf } from './scene.ts';
import { type RawSegment, writeSegment } from './segment.ts';
import { OUTBOUND_VERSIONS } from './version.ts';

/**
 * A message ready for one attempt at one endpoint. It was made of what the release decision let go and of nothing else;
 * nobody has it yet. `issues` lists everything that the message does not say, each with its FHIRPath.
 */
export interface Rendered {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** MSH-9, e.g. `REF^I12^REF_I12`. */
  readonly structure: string;
  readonly issues: readonly Issue[];
}

export type Rendering = Rendered | { readonly refused: Issue; readonly issues: readonly Issue[] };

/**
 * Released resources as the HL7 v2 message of one event. Pure: the same input gives the same bytes, so a retry repeats them.
 * Codes: `render.nothing-released`, `render.no-map`, `render.version-unknown`, `render.charset-unknown`, `render.segment-missing`,
 * `render.field-missing`, `render.notice-absent`, `render.notice-left-out` and what the maps refuse. Rule: DESIGN 3 "Outbox".
 */
export function render(
  maps: OutboundMaps,
  event: OutboundEvent,
  resources: Bundle,
  endpoint: Endpoint,
  partner: Partner,
): Rendering {
  const refuse = (refused: Issue): Rendering => ({ refused, issues: [refused] });
  const scene = sceneOf(resources, event, endpoint, partner);
  if (scene === undefined)
    return refuse(refusal('render.nothing-released', 'nothing of this event may go to this recipient'));
  if (!OUTBOUND_VERSIONS.includes(endpoint.version)) {
    return refuse(refusal('render.version-unknown', 'the endpoint names a version the hub does not write'));
  }
  const charset = outboundCharset(endpoint.charset);
  if (charset === undefined) {
    return refuse(
      refusal('render.charset-unknown', 'the endpoint names a character set the hub cannot write over MLLP'),
    );
  }
  if (needsNotice(scene))
    return refuse(refusal('render.notice-absent', 'Part 2 content without its disclosure notice'));
  const message = maps.select(scene);
  if (isIssue(message)) return refuse(message);
  const reason = refusedBy(message, scene);
  if (reason !== undefined) return refuse(reason);
  const trigger = message.trigger(scene);
  if (isIssue(trigger)) return refuse(trigger);

  const notes = new Notes();
  const body = writeAll(message.segments, {}, scene, notes);
  if (isIssue(body)) return { refused: body, issues: [...notes.issues, body] };
  if (event.notice !== undefined && !notes.carried.has(NOTICE_PATH)) {
    return refuse(
      refusal('render.notice-left-out', 'the disclosure notice has no place in this message, so it may not leave'),
    );
  }
  sayLabels(scene, body, notes);
  const { bytes, issues } = encode([headerOf(maps, trigger, scene), ...body], charset);
  return {
    bytes,
    contentType: 'application/hl7-v2',
    structure: `${trigger.type}^${trigger.event}^${trigger.structure}`,
    issues: [...notes.issues, ...issues, ...lossOf(scene, notes.carried)],
  };
}

function refusedBy(message: OutboundMessage, scene: Scene): Issue | undefined {
  const { focus } = scene;
  if (!message.focus.includes(focus.value.resourceType)) {
    return refusal('render.focus-unfit', `this event is told of ${message.focus.join(' or ')} only`, focus.path);
  }
  return message.refuse?.(scene);
}

function writeAll(plans: readonly SegmentPlan[], parent: Subject, scene: Scene, notes: Notes): RawSegment[] | Issue {
  const segments: RawSegment[] = [];
  const counts = new Map<string, number>();
  for (const plan of plans) {
    const subjects = plan.each(scene, parent);
    if (plan.required && subjects.length === 0) {
      return refusal('render.segment-missing', `nothing released gives a ${plan.segment}`, scene.focus.path);
    }
    for (const subject of subjects) {
      const index = (counts.get(plan.segment) ?? 0) + 1;
      const own = new Notes();
      const written = writeSegment(plan, subject, writingOf(scene, index, own));
      notes.issues.push(...own.issues);
      // A segment that was not written carried nothing, whatever its rows read.
      if (written === undefined) continue;
      if ('missing' in written) return missing(written.missing, subject, scene);
      counts.set(plan.segment, index);
      for (const path of own.carried) notes.carried.add(path);
      segments.push(written.segment);
      const below = writeAll(plan.followedBy ?? [], subject, scene, notes);
      if (isIssue(below)) return below;
      segments.push(...below);
    }
  }
  return segments;
}

function missing(field: string, subject: Subject, scene: Scene): Issue {
  const place = Object.values(subject).find((member) => member !== undefined)?.path ?? scene.focus.path;
  return refusal('render.field-missing', `${field} is required and nothing released gives it`, place);
}

function writingOf(scene: Scene, index: number, notes: Notes): Writing {
  const { event, endpoint, partner } = scene;
  return {
    scene,
    event,
    endpoint,
    partner,
    index,
    issue: (code, severity, path, text) => notes.add(code, severity, path, text),
    carried: (path) => notes.carried.add(path),
  };
}
