import type { Clock, NewId } from '../../model/clock.ts';
import type { Database } from '../../model/database.ts';
import type { FhirService } from '../../server/service.ts';
import type { Authenticate } from '../authenticate.ts';
import type { Browsers } from './browser.ts';
import type { IdTokens } from './id-token.ts';

/** What the endpoints of SMART App Launch share. */
export interface SmartDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly service: FhirService;
  readonly authenticate: Authenticate;
  readonly browsers: Browsers;
  readonly idTokens: IdTokens;
  /** Names people to apps without their names. */
  readonly subjectKey: Buffer;
  /** Origin clients see; the issuer of id tokens. */
  readonly origin: string;
  readonly limits: SmartLimits;
}

/** Seconds. */
export interface SmartLimits {
  readonly accessTokenSec: number;
  /** How long a person stays signed in. */
  readonly sessionSec: number;
  /** How long an app with offline_access goes on. */
  readonly offlineSec: number;
}
