import { isHeaderLine } from './delimiters.ts';
import { type Hl7Issue, issue } from './issue.ts';
import { openSource, type Source } from './source.ts';

/** One message of a file: the bytes between this MSH and the next header or trailer. */
export interface BatchEntry {
  /** A view on the file's bytes (for UTF-16 and UTF-32 files: on a UTF-8 transcription). */
  readonly bytes: Uint8Array;
  /** From 1. */
  readonly batch: number;
  /** From 1, inside its batch. */
  readonly position: number;
}

/** What a file says about itself. Undefined: not said. */
export interface FileHeader {
  readonly controlId: string | undefined;
  /** BHS-12 or FHS-12: the original id when this is a retransmission. */
  readonly referenceId: string | undefined;
  /** The segment as it was written: an answer names what it answers to the byte. */
  readonly line: Uint8Array;
}

export interface BatchFile {
  readonly messages: readonly BatchEntry[];
  readonly file: FileHeader | undefined;
  /** One for each BHS, in order. */
  readonly batches: readonly FileHeader[];
  readonly issues: readonly Hl7Issue[];
}

/**
 * Splits a file into messages: FHS/BHS/BTS/FTS, several MSH without batch headers, or one message. Counts in BTS-1 and FTS-1 are
 * compared and a difference is an issue; the messages are given all the same. Bytes before the first header belong to nobody
 * and are reported. Not for MLLP frames, in which one frame is one message. Rule: HL7 v2.9 section 2.9.3.
 */
export function splitBatch(bytes: Uint8Array): BatchFile {
  const source = openSource(bytes);
  const file: Draft = { messages: [], file: undefined, batches: [], issues: [] };
  const state: State = {
    source,
    open: undefined,
    inBatch: 0,
    batch: 0,
    batchesClosed: 0,
    field: source.delimiters.field,
  };
  for (let i = 0; i < source.lines.length; i += 2) takeLine(file, state, source.lines[i]!, source.lines[i + 1]!);
  close(file, state, source.bytes.length);
  if (file.messages.length === 0) file.issues.push(issue('error', 'hl7.no-header', 'no MSH segment in the file'));
  return file;
}

interface Draft {
  readonly messages: BatchEntry[];
  file: FileHeader | undefined;
  readonly batches: FileHeader[];
  readonly issues: Hl7Issue[];
}

interface State {
  readonly source: Source;
  /** Where the message that is being read began. */
  open: number | undefined;
  inBatch: number;
  batch: number;
  batchesClosed: number;
  /** Separator of the latest header: a file may mix senders. */
  field: string;
}

function close(file: Draft, state: State, at: number): void {
  if (state.open === undefined) return;
  state.inBatch += 1;
  const bytes = state.source.bytes.subarray(state.open, at);
  file.messages.push({ bytes, batch: Math.max(state.batch, 1), position: state.inBatch });
  state.open = undefined;
}

function takeLine(file: Draft, state: State, start: number, end: number): void {
  const { image } = state.source;
  if (isHeaderLine(image, start, end)) {
    close(file, state, start);
    state.field = image[start + 3]!;
    takeHeader(file, state, image.slice(start, start + 3), start, end);
    return;
  }
  const name = image.slice(start, Math.min(end, start + 3));
  const isTrailer = (name === 'BTS' || name === 'FTS') && (end === start + 3 || image[start + 3] === state.field);
  if (isTrailer) {
    close(file, state, start);
    takeTrailer(file, state, name, image.slice(start, end));
  } else if (state.open === undefined) {
    file.issues.push(issue('error', 'hl7.batch-stray', 'a line that belongs to no message', `line at byte ${start}`));
  }
}

function takeHeader(file: Draft, state: State, name: string, start: number, end: number): void {
  if (name === 'MSH') {
    state.open = start;
    return;
  }
  const { image, bytes } = state.source;
  const fields = image.slice(start, end).split(state.field);
  const line = bytes.subarray(start, end);
  const header = { controlId: fields[10] || undefined, referenceId: fields[11] || undefined, line };
  if (name === 'FHS') {
    if (file.file !== undefined || state.batch > 0 || file.messages.length > 0) {
      file.issues.push(issue('warning', 'hl7.batch-structure', 'FHS is not the first segment', 'FHS[1]'));
    }
    file.file ??= header;
    return;
  }
  file.batches.push(header);
  state.batch = file.batches.length;
  state.inBatch = 0;
}

function takeTrailer(file: Draft, state: State, name: string, line: string): void {
  const stated = line.split(state.field)[1]?.trim() ?? '';
  const isBatch = name === 'BTS';
  // Messages straight under FHS are one batch that has no header of its own.
  const batches = Math.max(file.batches.length, file.messages.length > 0 ? 1 : 0);
  const counted = isBatch ? state.inBatch : batches;
  const at = isBatch ? `BTS[${state.batchesClosed + 1}]-1` : 'FTS[1]-1';
  if (isBatch && state.batch === 0) file.issues.push(issue('warning', 'hl7.batch-structure', 'BTS without BHS', at));
  if (stated !== '' && stated !== String(counted) && Number(stated) !== counted) {
    const what = isBatch ? 'messages' : 'batches';
    file.issues.push(issue('error', 'hl7.batch-count', `the trailer counts other ${what} than the file has`, at));
  }
  if (isBatch) state.batchesClosed += 1;
}
