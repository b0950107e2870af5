import type { Migration } from '../../database/migrate.ts';

/**
 * What each Subscription has told and is yet to tell. `events` counts on while it is in error: a subscriber sees by the number
 * what it missed. `watch` holds those that count. Instants are milliseconds.
 */
export const subscriptionMigration: Migration = {
  name: 'server-0011-subscription',
  up: (dialect) => {
    const t = dialect === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"';
    return [
      `CREATE TABLE subscription (
        id ${t} PRIMARY KEY, actor TEXT NOT NULL, spec TEXT NOT NULL, state ${t} NOT NULL, started INTEGER NOT NULL,
        events BIGINT NOT NULL, sent BIGINT NOT NULL, told_at BIGINT NOT NULL, heartbeat_ms BIGINT, ends_at BIGINT,
        reason_code TEXT)`,
      `CREATE TABLE subscription_watch (type ${t} NOT NULL, subscription ${t} NOT NULL, PRIMARY KEY (type, subscription))`,
      'CREATE INDEX subscription_watch_of ON subscription_watch (subscription)',
      `CREATE TABLE subscription_event (
        subscription ${t} NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, type ${t} NOT NULL, id ${t} NOT NULL,
        version INTEGER NOT NULL, interaction ${t} NOT NULL, PRIMARY KEY (subscription, number))`,
      'CREATE INDEX subscription_event_at ON subscription_event (at)',
    ];
  },
};
