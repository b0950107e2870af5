import type { Attempt, SendOptions, Transport } from '../../model/transport.ts';
import { type MatchAck, readAnswer } from './answer.ts';
import { HttpTransport, type HttpTransportOptions } from './http-transport.ts';

export interface Hl7HttpOptions extends HttpTransportOptions {
  /** The media type the partner expects; default `application/hl7-v2`. */
  readonly contentType?: string;
  readonly matchAck: MatchAck;
}

/**
 * HL7 v2 by HTTP POST. `answered` with a status of 400 or more may carry a body that is no ACK: the status is the answer.
 * A positive status without an ACK for this message is `unknown` (`transport.answer-garbled`) or `mismatched`.
 * Rule: DESIGN 8, HL7 over HTTP.
 */
export function hl7Http(options: Hl7HttpOptions): Transport {
  const { contentType = 'application/hl7-v2', matchAck } = options;
  const http = new HttpTransport(options);
  return {
    async send(payload: Uint8Array, { controlId, timeoutMs, urgent = false }: SendOptions): Promise<Attempt> {
      const headers = { 'content-type': contentType, accept: contentType };
      const call = { method: 'POST', headers, body: payload, timeoutMs, bodyMatters: true };
      const attempt = await http.send('', call, urgent);
      if (attempt.kind !== 'answered') return attempt;
      const match = readAnswer(matchAck, attempt.ack);
      if (match && match.controlId !== controlId) return { kind: 'mismatched', ack: attempt.ack };
      if (match || (attempt.status ?? 0) >= 300) return attempt;
      return {
        kind: 'unknown',
        code: 'transport.answer-garbled',
        message: `status ${attempt.status} without an acknowledgement`,
      };
    },
    close: () => http.close(),
  };
}
