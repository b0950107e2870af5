import type { EventKind } from '../../model/outbox.ts';

/** An event of another system that the hub only tells on. `authorities`: identifier systems its source issues itself. */
export interface RelayedEvent {
  /** Trigger the source issued, e.g. `ADT^A03`. */
  readonly trigger: string;
  /** Organization id of the source. */
  readonly organization: string;
  readonly authorities: readonly string[];
}

/** What is to be told, by whom it was asked, and when: nothing else may enter a message, so the same event gives the same bytes. */
export interface OutboundEvent {
  readonly kind: EventKind;
  /** MSH-10; 20 characters at most reach every version. */
  readonly controlId: string;
  /** ISO instant of the event; becomes MSH-7 and EVN-2. */
  readonly at: string;
  readonly relayOf?: RelayedEvent;
  /** What the owner of an appointment did; a status that ends it says it itself. Absent: booked. */
  readonly act?: 'booked' | 'rescheduled' | 'modified' | 'cancelled' | 'discontinued' | 'deleted' | 'noshow';
  /** Event of the message by which the receiver of a referral itself answered (`I13`: after a modification). */
  readonly answeredBy?: string;
  /** 42 CFR 2.32 notice that must accompany the content (`Basis.notice` of the release). */
  readonly notice?: string;
}

/** An element of a resource, or a plain value, with the FHIRPath that leads to it from the Bundle. */
export interface Found {
  readonly value: unknown;
  readonly path: string;
}

/** What one segment is about: resources (or plain values) by the name their rows call them. */
export type Subject = Readonly<Record<string, Found | undefined>>;
