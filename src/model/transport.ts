/** What went wrong around a connection, listener side and sender side. Shown in logs, metrics and on parked rows. */
export type TransportCode =
  | 'transport.port-in-use' //          listener: another process holds the address
  | 'transport.port-denied' //          listener: no right to open the address, or it is not ours
  | 'transport.listen-failed' //        listener: any other reason it cannot open
  | 'transport.tls-credentials' //      key, certificate or CA do not load or do not fit
  | 'transport.tls-handshake' //        the two sides found no common protocol, or one of them does not speak TLS
  | 'transport.tls-certificate' //      the partner's certificate is expired, unknown, early, or names another host
  | 'transport.tls-refused' //          the partner refused our certificate, before it could read the message
  | 'transport.connections-max' //      listener: one connection too many
  | 'transport.idle' //                 listener: keep-alive time is over
  | 'transport.ack-not-read' //         listener: the partner does not take its ACKs
  | 'transport.junk' //                 listener: bytes outside frames were skipped
  | 'transport.frame-timeout' //        listener: a frame did not end in time
  | 'transport.junk-max' //             listener: too many bytes outside frames
  | 'transport.handler-failed' //       listener: our own handler threw; the sender gets no answer and repeats
  | 'transport.reset' //                the connection broke
  | 'transport.frame-broken' //         listener: a frame that is no message, with its reason
  | 'transport.connect-refused' //      nobody listens there
  | 'transport.connect-timeout' //      no connection (or no TLS session) in time
  | 'transport.unreachable' //          no route, no name
  | 'transport.closed' //               we closed this transport
  | 'transport.busy' //                 too many sends wait for this connection
  | 'transport.payload-unframeable' //  the payload holds VT or FS bytes, which MLLP cannot carry
  | 'transport.ack-timeout' //          sent, and no complete answer in time
  | 'transport.closed-by-partner' //    sent, and the partner ended the connection without an answer
  | 'transport.half-answer' //          sent, and the connection ended inside the answer
  | 'transport.answer-too-long' //      sent, and the answer passes its limit
  | 'transport.answer-garbled' //       sent, and what came back is not an answer
  | 'transport.token-refused' //        HTTP: the partner's token endpoint gave no token
  | 'transport.request-invalid'; //     HTTP: our own settings or payload cannot make a request

/**
 * What one attempt to reach a partner came to; nothing is retried below this.
 * `answered` means a complete answer to this very message, not that the partner liked it: read the ACK code or status.
 */
export type Attempt =
  | {
      readonly kind: 'answered';
      /** The HL7 ACK, or the HTTP body. */
      readonly ack: Uint8Array;
      /** HTTP status; absent on MLLP. */
      readonly status?: number;
      /** HTTP: the media type of the body, a new resource's address, when to come again. */
      readonly contentType?: string;
      readonly location?: string;
      readonly etag?: string;
      readonly retryAfterMs?: number;
    }
  /** Nothing of the message left this process, or it provably was not read: safe to send again. */
  | { readonly kind: 'not-sent'; readonly code: TransportCode; readonly message: string }
  /** The partner may or may not have it. */
  | { readonly kind: 'unknown'; readonly code: TransportCode; readonly message: string }
  /** An answer to something else came back (another MSA-2, or none): ours may or may not have arrived. */
  | { readonly kind: 'mismatched'; readonly ack: Uint8Array };

export interface SendOptions {
  /** The id the answer must name: MSH-10. HTTP transports that have no use for it ignore it. */
  readonly controlId: string;
  /** From the first byte sent to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Goes before sends that wait for the same connection; never interrupts one. */
  readonly urgent?: boolean;
}

/** One FHIR interaction with a partner's endpoint. A rest-hook notification is a POST to the endpoint itself. */
export interface FhirRequest {
  readonly method: 'POST' | 'PUT' | 'GET' | 'DELETE';
  /** Below the endpoint's base, without a leading slash: `Task/123`; empty for a transaction or a hook. */
  readonly path: string;
  /** JSON; absent for a hook without payload. */
  readonly body?: Uint8Array;
  /** Conditional create: the search that must find nothing. */
  readonly ifNoneExist?: string;
  readonly ifMatch?: string;
  /** The body says what became of it: a status without it is no answer. Always so of a GET. */
  readonly answerMatters?: boolean;
  /** Further headers, e.g. those of a Subscription's channel. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One way to one partner. `send` never rejects and never throws; `close` lets no further send begin. */
export interface Transport<Payload = Uint8Array> {
  send(payload: Payload, options: SendOptions): Promise<Attempt>;
  close(): Promise<void>;
}

/** Receives codes, ids, counts and durations; never a value out of a message. */
export type TransportLog = (code: TransportCode, facts: Readonly<Record<string, string | number | boolean>>) => void;
