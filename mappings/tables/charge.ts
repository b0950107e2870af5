/** FT1-6, table 0017, as what becomes of the charge. Rule: DOMAIN §C1 DFT. */
export const TRANSACTION_TYPE: Readonly<Record<string, 'charge' | 'credit' | 'money'>> = {
  CG: 'charge',
  CD: 'credit',
  // A payment, a co-payment and an adjustment move money; they charge no service.
  PY: 'money',
  CO: 'money',
  AJ: 'money',
};

export const REVENUE_CODES = 'https://www.nubc.org/CodeSystem/RevenueCodes';
export const CONDITION_CODES = 'https://www.nubc.org/CodeSystem/ConditionCodes';
export const VALUE_CODES = 'https://www.nubc.org/CodeSystem/ValueCodes';
export const OCCURRENCE_CODES = 'https://www.nubc.org/CodeSystem/OccurrenceCodes';
export const SPAN_CODES = 'https://www.nubc.org/CodeSystem/OccurrenceSpanCodes';
