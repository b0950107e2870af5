import type { Check } from './suite/api.ts';
import { BULK } from './suite/bulk.ts';
import { BUNDLES } from './suite/bundles.ts';
import { CONDITIONAL } from './suite/conditional.ts';
import { FORMS } from './suite/forms.ts';
import { HISTORY } from './suite/history.ts';
import { INTERACTIONS } from './suite/interactions.ts';
import { OPERATIONS } from './suite/operations.ts';
import { PROTOCOL } from './suite/protocol.ts';
import { SEARCH } from './suite/search.ts';
import { SEARCH_RESULTS } from './suite/search-results.ts';
import { SUBSCRIPTIONS } from './suite/subscriptions.ts';
import { TERMINOLOGY } from './suite/terminology.ts';
import { VALIDATION } from './suite/validation.ts';

/**
 * What must be served, whatever the server says of itself: the list of DESIGN 5 "The embedded server" as FHIR R4 has it. It knows a
 * server by its address alone.
 */
export const CHECKS: readonly Check[] = [
  ...PROTOCOL,
  ...INTERACTIONS,
  ...CONDITIONAL,
  ...HISTORY,
  ...VALIDATION,
  ...BUNDLES,
  ...SEARCH,
  ...SEARCH_RESULTS,
  ...OPERATIONS,
  ...TERMINOLOGY,
  ...FORMS,
  ...BULK,
  ...SUBSCRIPTIONS,
];
