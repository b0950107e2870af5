import { openSource, type ParseOptions } from './source.ts';
import { Message, type Segment } from './tree.ts';

/** One patient identifier as a message names it (CX). Undefined parts are absent or empty there. */
export interface PatientId {
  readonly segment: 'PID' | 'MRG';
  /** From 1, among the PID or MRG segments: identifiers with the same pair are of one patient. */
  readonly occurrence: number;
  readonly id: string;
  /** CX.4.1, CX.4.2, CX.4.3. */
  readonly authority: string | undefined;
  readonly universalId: string | undefined;
  readonly universalIdType: string | undefined;
  /** CX.5. */
  readonly type: string | undefined;
}

/** What ingest must know before a message is on disk. Undefined: the message does not say. */
export interface Peek {
  readonly hasHeader: boolean;
  readonly sendingApplication: string | undefined;
  readonly sendingFacility: string | undefined;
  readonly receivingApplication: string | undefined;
  readonly receivingFacility: string | undefined;
  readonly dateTime: string | undefined;
  readonly messageType: string | undefined;
  readonly triggerEvent: string | undefined;
  readonly structure: string | undefined;
  readonly controlId: string | undefined;
  readonly processingId: string | undefined;
  readonly version: string | undefined;
  readonly sequenceNumber: string | undefined;
  readonly acceptAck: string | undefined;
  readonly applicationAck: string | undefined;
  readonly charset: readonly string[];
  /** Number of PID and MRG segments, whether or not an identifier could be read from them. */
  readonly patientSegments: number;
  readonly patients: readonly PatientId[];
}

/**
 * Sender, control id, acknowledgement mode and every patient (all PID-3 and MRG-1 repetitions, MRG-4 without MRG-1) of any bytes, without reading the
 * rest. Never throws. It says nothing about whether the message is well formed.
 */
export function peek(bytes: Uint8Array, options?: ParseOptions): Peek {
  const message = new Message(openSource(bytes, options));
  const { header } = message;
  const pids = message.segments('PID');
  const mrgs = message.segments('MRG');
  const patients: PatientId[] = [];
  for (const segment of pids) identifiers(segment, 'PID', 3, patients);
  // MRG-4 is the prior number before v2.3.
  for (const segment of mrgs) if (!identifiers(segment, 'MRG', 1, patients)) identifiers(segment, 'MRG', 4, patients);
  return {
    hasHeader: message.hasHeader,
    sendingApplication: header.sendingApplication,
    sendingFacility: header.sendingFacility,
    receivingApplication: header.receivingApplication,
    receivingFacility: header.receivingFacility,
    dateTime: header.dateTime,
    messageType: header.messageType,
    triggerEvent: header.triggerEvent,
    structure: header.structure,
    controlId: header.controlId,
    processingId: header.processingId,
    version: header.version,
    sequenceNumber: header.sequenceNumber,
    acceptAck: header.acceptAck,
    applicationAck: header.applicationAck,
    charset: header.charset,
    patientSegments: pids.length + mrgs.length,
    patients,
  };
}

/** True when the field has one. */
function identifiers(segment: Segment, name: 'PID' | 'MRG', field: number, patients: PatientId[]): boolean {
  const before = patients.length;
  for (const cx of segment.repetitions(field)) {
    const id = cx.get(1);
    if (id === undefined) continue;
    patients.push({
      segment: name,
      occurrence: segment.occurrence,
      id,
      authority: cx.get(4, 1),
      universalId: cx.get(4, 2),
      universalIdType: cx.get(4, 3),
      type: cx.get(5),
    });
  }
  return patients.length > before;
}
