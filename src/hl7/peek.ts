import { openSource, type ParseOptions } from './source.ts';
import { Message, type Segment } from './tree.ts';

/** What ingest must know before a message is on disk. Undefined: the message does not say. */
export interface Peek {
  /** What it was read from: an acknowledgement answers it. */
  readonly message: Message;
  readonly hasHeader: boolean;
  readonly sendingApplication: string | undefined;
  readonly sendingFacility: string | undefined;
  readonly messageType: string | undefined;
  readonly triggerEvent: string | undefined;
  readonly controlId: string | undefined;
  readonly processingId: string | undefined;
  readonly version: string | undefined;
  readonly acceptAck: string | undefined;
  readonly applicationAck: string | undefined;
  /** Identifiers of patients, without who assigned them, as often as they are named. */
  readonly patients: readonly string[];
}

/**
 * Sender, control id, acknowledgement mode and every patient (all PID-3 and MRG-1 repetitions, MRG-4 without MRG-1) of any bytes, without reading the
 * rest. Never throws. It says nothing about whether the message is well formed.
 */
export function peek(bytes: Uint8Array, options?: ParseOptions): Peek {
  const message = new Message(openSource(bytes, options));
  const { header } = message;
  const patients: string[] = [];
  for (const segment of message.segments('PID')) identifiers(segment, 3, patients);
  // MRG-4 is the prior number before v2.3.
  for (const segment of message.segments('MRG')) {
    if (!identifiers(segment, 1, patients)) identifiers(segment, 4, patients);
  }
  return {
    message,
    hasHeader: message.hasHeader,
    sendingApplication: header.sendingApplication,
    sendingFacility: header.sendingFacility,
    messageType: header.messageType,
    triggerEvent: header.triggerEvent,
    controlId: header.controlId,
    processingId: header.processingId,
    version: header.version,
    acceptAck: header.acceptAck,
    applicationAck: header.applicationAck,
    patients,
  };
}

/** True when the field has one (CX.1). */
function identifiers(segment: Segment, field: number, patients: string[]): boolean {
  const before = patients.length;
  for (const cx of segment.repetitions(field)) {
    const id = cx.get(1);
    if (id !== undefined) patients.push(id);
  }
  return patients.length > before;
}
