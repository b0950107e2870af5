/** What a rebuild of the search index is asked to cover. Without `all`: what was indexed by older rules. */
export interface ReindexScope {
  /** Resource type; absent: every type. */
  readonly type?: string;
  readonly all?: boolean;
}

/** The rebuild of the search index in short steps, each durable by itself: it may stop after any and goes on where it was. */
export interface Reindex {
  /** Resources of the scope that are left to rebuild. */
  begin(scope: ReindexScope): Promise<{ readonly left: number }>;
  /** Rebuilds the next few. Nothing more: `rebuilt` is 0. */
  step(scope: Pick<ReindexScope, 'type'>): Promise<{ readonly rebuilt: number }>;
}
