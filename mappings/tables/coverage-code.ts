import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { listed } from './table.ts';

/** PV1-20: site-defined; the coverage types of R4 stand for themselves. */
export const FINANCIAL_CLASS: ConceptTable = {
  id: '0064',
  name: 'FinancialClass',
  codes: {
    ...listed(
      'http://terminology.hl7.org/CodeSystem/coverage-selfpay',
      `
pay Pay
`,
    ),
    ...listed(
      'http://terminology.hl7.org/CodeSystem/v3-ActCode',
      `
EHCPOL extended healthcare|HSAPOL health spending account|AUTOPOL automobile|COL collision coverage policy|
UNINSMOT uninsured motorist policy|PUBLICPOL public healthcare|DENTPRG dental program|
DISEASEPRG public health program|CANPRG women's cancer detection program|ENDRENAL end renal program|
HIVAIDS HIV-AIDS program|MANDPOL mandatory health program|MENTPRG mental health program|
SAFNET safety net clinic program|SUBPRG substance use program|SUBSIDIZ subsidized health program|
SUBSIDMC subsidized managed care program|SUBSUPP subsidized supplemental health program|
WCBPOL worker's compensation|DENTAL dental care policy|DISEASE disease specific policy|DRUGPOL drug policy|
HIP health insurance plan policy|LTC long term care policy|MCPOL managed care policy|POS point of service policy|
HMO health maintenance organization policy|PPO preferred provider organization policy|MENTPOL mental health policy|
SUBPOL substance use policy|VISPOL vision care policy|DIS disability insurance policy|
EWB employee welfare benefit plan policy|FLEXP flexible benefit plan policy|LIFE life insurance policy|
ANNU annuity policy|TLIFE term life insurance policy|ULIFE universal life insurance policy|
PNC property and casualty insurance policy|REI reinsurance policy|SURPL surplus line insurance policy|
UMBRL umbrella liability insurance policy|CHAR charity program|CRIME crime victim program|
EAP employee assistance program|GOVEMP government employee health program|HIRISK high risk pool program|
IND indigenous peoples health program|MILITARY military health program|RETIRE retiree health program|
SOCIAL social service program|VET veteran health program
`,
    ),
  },
};

/** IN1-2: site-defined; the guide lists no code. */
export const PLAN_ID: ConceptTable = { id: '0068', name: 'PlanId', codes: {} };
