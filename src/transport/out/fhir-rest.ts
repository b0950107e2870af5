import type { Attempt, FhirRequest, SendOptions, Transport } from '../../model/transport.ts';
import { HttpTransport, type HttpTransportOptions } from './http-transport.ts';

const FHIR_JSON = 'application/fhir+json';

/**
 * One FHIR interaction: create, update, transaction Bundle, or a rest-hook notification. `answered` tells the status,
 * whatever it is; redirects are answers and never followed. A lost or overlong body does not make a known status unknown.
 * Rule: FHIR R4 http.html, subscription.html#rest-hook.
 */
export function fhirRest(options: HttpTransportOptions): Transport<FhirRequest> {
  const http = new HttpTransport(options);
  return {
    send(request: FhirRequest, { timeoutMs, urgent = false }: SendOptions): Promise<Attempt> {
      const { method, path, body, answerMatters = method === 'GET' } = request;
      const call = { method, headers: headersOf(request), timeoutMs, bodyMatters: answerMatters };
      return http.send(path, body ? { ...call, body } : call, urgent);
    },
    close: () => http.close(),
  };
}

function headersOf({ body, ifNoneExist, ifMatch, headers }: FhirRequest): Record<string, string> {
  return {
    accept: FHIR_JSON,
    ...headers,
    ...(body ? { 'content-type': FHIR_JSON } : {}),
    ...(ifNoneExist === undefined ? {} : { 'if-none-exist': ifNoneExist }),
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
  };
}
