/** What a rebuild of the search index is asked to cover. Without `all`: what was indexed by older rules. */
export interface ReindexScope {
  /** Resource type; absent: every type. */
  readonly type?: string;
  readonly all?: boolean;
}

/** What one step did. `rebuilt`: resources; `added` and `removed`: index rows. */
export interface ReindexStep {
  /** Nothing was left to do. */
  readonly done: boolean;
  readonly rebuilt: number;
  readonly added: number;
  readonly removed: number;
}

/**
 * The rebuild of the search index in short steps, each durable by itself: it may stop after any and goes on where it was. First the
 * rows that resources lack are added, then those that they should not have are removed.
 */
export interface Reindex {
  /** Resources of the scope that are left to rebuild. */
  begin(scope: ReindexScope): Promise<{ readonly left: number }>;
  step(scope: Pick<ReindexScope, 'type'>): Promise<ReindexStep>;
}
