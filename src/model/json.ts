/** JSON as data: what an element of a FHIR resource may hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
