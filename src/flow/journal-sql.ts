/** Every statement of the hot path, by name, so that a test can ask the planner about each. */
export const JOURNAL_SQL = {
  /** The same control id of the same sender: with other content it is another message, and flagged. */
  known: 'SELECT 1 FROM message WHERE control_id = ? AND partner = ? AND sender = ? LIMIT 1',
  insert: `INSERT INTO message (feed, partner, sender, control_id, hash, received_at, peer, event, version, class, pass, application_ack,
      config_version, body_month, state, blockers, tries, next_at, lease, lease_until, holder, replays, ack_code, ack_at, answered, repeats, flagged, late)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, ?, ?, 0, 0, 0, 0) ON CONFLICT DO NOTHING`,
  flag: 'UPDATE message SET flagged = 1 WHERE id = ?',
  body: `INSERT INTO body (message, month, hash, key_id, bytes, purge_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  block: `UPDATE message SET state = 'received', blockers = ?, lease = 0, lease_until = 0, tries = 0 WHERE id = ?`,
  repeat: `UPDATE message SET repeats = repeats + 1 WHERE control_id = ? AND partner = ? AND sender = ? AND hash = ?
    RETURNING id, state, body_month, ack_code, ack_at, reason_code, reason_location, reason_text`,
  repeats: 'UPDATE message SET repeats = repeats + ? WHERE id = ?',
  retry: `UPDATE message SET state = 'received', tries = 0, next_at = 0, ack_code = NULL, ack_at = NULL, late = 0, settled_at = NULL
    WHERE id = ? AND state = 'parked'`,
  claim: (
    lock: string,
  ) => `UPDATE message SET state = 'claimed', lease = lease + 1, lease_until = ?, holder = ?, tries = tries + 1 WHERE id IN (
      SELECT id FROM message WHERE state = 'received' AND blockers = 0 AND next_at <= ? ORDER BY class, id LIMIT ? ${lock})
    RETURNING id, lease, feed, partner, control_id, hash, received_at, event, class, tries, replays, application_ack, body_month`,
  readBody: 'SELECT key_id, bytes FROM body WHERE month = ? AND message = ?',
  done: `UPDATE message SET state = ?, ack_code = COALESCE(ack_code, ?), ack_at = COALESCE(ack_at, ?), mapping_version = ?, reason_code = ?,
      reason_location = ?, reason_text = ?, settled_at = ?, untold = ?, lease_until = 0
    WHERE id = ? AND lease = ? AND state = 'claimed' RETURNING pass, replays`,
  again: `UPDATE message SET state = 'received', next_at = ?, tries = tries - ?, reason_code = ?, reason_text = ?, lease_until = 0
    WHERE id = ? AND lease = ? AND state = 'claimed'`,
  late: `UPDATE message SET late = 1, ack_code = 'AA', ack_at = ? WHERE id = ?`,
  reclaim: `UPDATE message SET state = 'received', lease_until = 0 WHERE state IN ('received', 'claimed') AND state = 'claimed' AND lease_until <= ?`,
} as const;

export const CLAIM_SQLITE = JOURNAL_SQL.claim('');
export const CLAIM_POSTGRES = JOURNAL_SQL.claim('FOR UPDATE SKIP LOCKED');
