/** A refusal of an OAuth2 endpoint that answers in JSON. Rule: RFC 6749 §5.2. */
export class OauthError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const invalidClient = (): OauthError =>
  new OauthError(401, 'invalid_client', 'the client is not known or did not prove itself');
