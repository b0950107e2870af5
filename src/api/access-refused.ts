/** A client or user that cannot be made as asked; the words name what is wrong and no secret. */
export class AccessRefused extends Error {
  readonly code: 'ops.client' | 'ops.password' | 'ops.role-inactive' | 'ops.patient-unknown' | 'ops.name-taken';
  constructor(code: AccessRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}
