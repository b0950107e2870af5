import type { CommandTable } from '../database/command.ts';
import { type AuditRecord, storeAudit } from './audit.ts';

/** What an EHR has open when it launches an app. */
export interface Launch {
  /** Only this app may use it. */
  readonly client: string | null;
  /** Only this person may. */
  readonly login: string | null;
  readonly patient: string;
  readonly encounter: string | null;
}

export interface LaunchRecord extends Launch {
  readonly hash: string;
  /** Milliseconds. */
  readonly expiresAt: number;
  readonly audit: AuditRecord;
}

/** Launch contexts by the hash of their handle. A grant uses one up (`grant.make`). */
export const launchCommands: CommandTable = {
  'launch.add': async (tx, { hash, client, login, patient, encounter, expiresAt, audit }: LaunchRecord) => {
    tx.send(
      'INSERT INTO launch (hash, client, login, patient, encounter, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?, NULL)',
      [hash, client, login, patient, encounter, expiresAt],
    );
    storeAudit(tx, [audit]);
  },
  /** One that nobody has used yet. */
  'launch.find': async (tx, { hash, at }: { hash: string; at: number }) =>
    (
      await tx.query<Launch>(
        'SELECT client, login, patient, encounter FROM launch WHERE hash = ? AND used_at IS NULL AND expires_at > ?',
        [hash, at],
      )
    )[0],
};
