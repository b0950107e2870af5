/** Why the hub should get no traffic now. Names a part of the hub, a code of the failure table and its fixed words; nothing of a message. */
export interface NotReady {
  /** `journal` (what partners send), `store` (FHIR); `database` where one holds both. */
  readonly component: 'journal' | 'store' | 'database';
  readonly code: string;
  readonly text: string;
  /** Since when it is known. Milliseconds since the epoch. */
  readonly since?: number;
}
