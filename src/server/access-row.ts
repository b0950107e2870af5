/** A row of `audit`. */
export interface Access {
  readonly id: number;
  readonly at: number;
  readonly actor_kind: string;
  readonly actor: string;
  readonly organization: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly outcome: number;
  readonly type: string | null;
  readonly target: string | null;
  readonly version: number | null;
  readonly person: string | null;
  readonly query: string | null;
  readonly app: string | null;
  readonly purpose: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly token: string | null;
  readonly patient: string | null;
  readonly interaction: string | null;
  /** As it lies there, perhaps sealed. */
  readonly request: string | null;
}

/** Client id by which the request came; undefined for a personal token, a bot and a partner. */
export const clientOf = ({ actor_kind: kind, actor, app }: Access): string | undefined =>
  app ?? (kind === 'client' || kind === 'operator' ? actor : undefined);

/** The Patient an access was about. Rows older than the column say it of Patients only. */
export const patientOf = ({ patient, type, target }: Access): string | undefined =>
  patient ?? (type === 'Patient' ? target?.replace(/^Patient\//, '') : undefined);
