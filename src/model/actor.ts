/** From where a request came over the network, for the audit alone: nothing is decided by it. */
export interface Peer {
  /** IP address of the nearest machine that is no trusted proxy; for what the hub sends, the host it goes to. */
  readonly address?: string;
  /** `X-Request-Id`, as the client sent it. */
  readonly requestId?: string;
  /** Names the token without being of use to who reads it: `tokenId`. */
  readonly token?: string;
}

/**
 * Who is doing something at the store. `hub` is the product itself (flow, sweeps) and sees everything; a patient who signed in sees
 * his own record; every other actor belongs to exactly one Organization and sees what the consent decision lets it see.
 */
export interface Actor {
  readonly kind: 'hub' | 'operator' | 'feed' | 'client' | 'user' | 'bot';
  /** Client id, user id, feed id or bot name. Recorded in Provenance and AuditEvent. */
  readonly id: string;
  /** Organization id. Absent only for `hub`, `operator` and patients. */
  readonly organization?: string;
  /** Users only: the active PractitionerRole the personal token is bound to, and its Practitioner. */
  readonly practitionerRole?: string;
  readonly practitioner?: string;
  /** Users only: Patient id of one who signed in to his own record. He reads, and writes nothing. */
  readonly patient?: string;
  /** Client id of the app through which a user came in; absent for a personal token. */
  readonly app?: string;
  /** Patient id of the app's launch: `patient/…` scopes reach what is about this patient's person. */
  readonly launchPatient?: string;
  /** SMART scopes version 2, e.g. `system/*.cruds`, `user/Task.ru`, `patient/*.rs`. Empty: nothing is allowed. */
  readonly scopes: readonly string[];
  /** Absent for what did not come over the network. */
  readonly peer?: Peer;
}

/** An actor as it is kept for later work, which comes from nowhere. */
export const actorText = ({ peer: _peer, ...actor }: Actor): string => JSON.stringify(actor);

export const HUB: Actor = { kind: 'hub', id: 'hub', scopes: ['system/*.cruds'] };
