import type { FhirResource } from './engine.ts';

/** One write whose type and id are settled. */
export interface Write {
  readonly action: 'create' | 'update' | 'delete';
  readonly type: string;
  readonly id: string;
  /** Absent on delete. */
  readonly resource?: FhirResource;
  /** `If-Match` version. */
  readonly ifMatch?: string;
  /** Where it stands in a Bundle: `Bundle.entry[3].resource`. */
  readonly place?: string;
  /** It came as a PATCH. */
  readonly patched?: true;
}
