import type { Resource } from '@medplum/fhirtypes';
import type { Issue } from '../../model/assertion.ts';
import type { Endpoint, Partner } from '../../model/partner.ts';
import type { Found, OutboundEvent, Subject } from './event.ts';
import type { Scene } from './scene.ts';

/** Unescaped text of one v2 component, or of its sub-components. */
export type Component = string | readonly string[];
export type Repetition = readonly Component[];
/** The repetitions of one v2 field; escaping happens once, when the message is written. */
export type FieldValue = readonly Repetition[];

/** Everything a writer may look at, and where it says what it could not write. */
export interface Writing {
  readonly scene: Scene;
  readonly event: OutboundEvent;
  readonly endpoint: Endpoint;
  readonly partner: Partner;
  /** 1-based position among the segments of this kind: the set id. */
  readonly index: number;
  issue(code: string, severity: Issue['severity'], path: string, text: string): void;
  /** Marks an element as carried, so that the loss report does not list it. */
  carried(path: string): void;
}

/**
 * Turns one element into one repetition. `uses` names the members it carries, `*` all of them; a member it does not name is
 * listed as lost. Undefined: this value cannot be written, and is listed as lost.
 */
export interface Writer {
  /** v2 data type; components a version does not have are left out. */
  readonly type: string;
  readonly uses: readonly string[];
  write(found: Found, writing: Writing): Repetition | undefined;
}

export interface FieldWriter {
  readonly item: Writer;
  readonly repeats: boolean;
}

/** All values of a repeating element. */
export const every = (item: Writer): FieldWriter => ({ item, repeats: true });
/** The first value that can be written; others are listed as lost. */
export const first = (item: Writer): FieldWriter => ({ item, repeats: false });

/** One element to one field: `from` begins with a member of the subject (`Patient.birthDate`). */
export interface ElementRow {
  readonly to: string;
  readonly from: string;
  readonly as: FieldWriter;
  readonly only?: (value: unknown) => boolean;
  readonly required?: true;
  /** First version that has the field in this meaning, and the first that has it no more. */
  readonly since?: string;
  readonly until?: string;
}

/** A field that no single element gives: constants, set ids, and what follows from several elements (`carries`). */
export interface GivenRow {
  readonly to: string;
  readonly give: (subject: Subject, writing: Writing) => FieldValue | undefined;
  readonly type?: string;
  readonly carries?: readonly string[];
  readonly required?: true;
  readonly since?: string;
  readonly until?: string;
}

export type OutRow = ElementRow | GivenRow;

export interface SegmentPlan {
  readonly segment: string;
  /** What each occurrence is about, in order. */
  readonly each: (scene: Scene, parent: Subject) => readonly Subject[];
  readonly rows: readonly OutRow[];
  /** Elements that another segment, or the position of this one, already says. */
  readonly also?: readonly string[];
  /** Without at least one, the message is refused. */
  readonly required?: true;
  /** The field without which the segment says nothing: then it is left out. */
  readonly worth?: string;
  /** First version that has the segment. */
  readonly since?: string;
  /** Segments that follow each occurrence. */
  readonly followedBy?: readonly SegmentPlan[];
}

export interface Trigger {
  readonly type: string;
  readonly event: string;
  readonly structure: string;
}

export interface OutboundMessage {
  /** Types of the resource such a message is about. */
  readonly focus: readonly Resource['resourceType'][];
  readonly trigger: (scene: Scene) => Trigger | Issue;
  /** A reason to send nothing, beyond a missing segment. */
  readonly refuse?: (scene: Scene) => Issue | undefined;
  readonly segments: readonly SegmentPlan[];
}

export interface OutboundMaps {
  /** MSH-3 and MSH-4 of the hub. */
  readonly application: string;
  readonly facility: string;
  /** The map for this event, or why there is none. */
  readonly select: (scene: Scene) => OutboundMessage | Issue;
}

export const isIssue = (value: object): value is Issue => 'severity' in value && 'code' in value;

/** An issue that refuses the message. */
export function refusal(code: string, text: string, location?: string): Issue {
  return location === undefined ? { severity: 'error', code, text } : { severity: 'error', code, location, text };
}
