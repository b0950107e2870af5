import { type AuditRecord, recordsAbout } from './audit.ts';
import type { Context } from './context.ts';
import type { FhirRequest } from './exchange.ts';
import { personsOf } from './persons.ts';
import type { SearchRequest } from './search-request.ts';
import type { SearchPage } from './search-run.ts';

const NAMES_MAX = 500;
const NAME_MAX = 60;

/**
 * What is kept of a search: one record for each patient of whom it showed something, with each owner; without a result, one, of the
 * patient it asked for. Rule: IHE BALP 1.1, PatientQuery.
 */
export async function searchRecords(
  context: Context,
  request: FhirRequest,
  type: string | undefined,
  path: string,
  { kept }: SearchRequest,
  page: Pick<SearchPage, 'matches' | 'included'>,
): Promise<AuditRecord[]> {
  const { at, actor } = context;
  const record: AuditRecord = {
    at,
    actor,
    action: 'S',
    outcome: 200,
    ...(type !== undefined ? { type } : {}),
    query: kept
      .map(([name]) => name.slice(0, NAME_MAX))
      .join('&')
      .slice(0, NAMES_MAX),
    request: `${path}?${sentQuery(request)}`,
  };
  const records = recordsAbout(record, [...page.matches, ...page.included]);
  if (records.length > 1 || records[0]!.owner !== undefined) return records;
  const patient = patientAsked(path, kept);
  if (patient === undefined) return records;
  return [{ ...record, patient, person: (await personsOf(context.tx, [patient])).get(patient)! }];
}

function sentQuery({ method, query, queryText, body }: FhirRequest): string {
  const inAddress = queryText ?? new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  return [inAddress, method === 'POST' ? (body ?? '') : ''].filter((part) => part !== '').join('&');
}

const ID = '[A-Za-z0-9.-]{1,64}';
const COMPARTMENT = new RegExp(`^Patient/(${ID})/`);
const REFERENCE = new RegExp(`^Patient/(${ID})$`);
const BARE = new RegExp(`^(${ID})$`);

/** The one patient whose compartment was searched, or whom `patient` or `subject` names. */
function patientAsked(path: string, pairs: SearchRequest['kept']): string | undefined {
  const [, within] = COMPARTMENT.exec(path) ?? [];
  if (within !== undefined) return within;
  const named = pairs.flatMap(([name, value]) => {
    if (!['patient', 'subject', 'patient:Patient', 'subject:Patient'].includes(name)) return [];
    const bare = name === 'subject' ? null : BARE.exec(value);
    return (REFERENCE.exec(value) ?? bare)?.[1] ?? [];
  });
  return named.length === 1 ? named[0] : undefined;
}
