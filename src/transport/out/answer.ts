/** MSA-2 and MSA-1 of an answer; undefined if it is no acknowledgement. Handed in by who reads HL7. */
export type MatchAck = (ack: Uint8Array) => { readonly controlId?: string; readonly code?: string } | undefined;

/** A reader that throws has not read an acknowledgement: a partner's bytes must not bring a socket's handler down. */
export function readAnswer(matchAck: MatchAck, ack: Uint8Array): ReturnType<MatchAck> {
  try {
    return matchAck(ack);
  } catch {
    return undefined;
  }
}
