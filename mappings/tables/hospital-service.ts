import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { codes, listed, same } from './table.ts';

const SERVICE_TYPE = 'http://terminology.hl7.org/CodeSystem/service-type';

/** PV1-10. MED and URO have a service type of FHIR; its codes stand for themselves. */
export const HOSPITAL_SERVICE: ConceptTable = {
  id: '0069',
  name: 'HospitalService',
  codes: {
    ...listed(
      SERVICE_TYPE,
      `
1 Adoption/Permanent Care Info/Support|2 Aged Care Assessment|3 Aged Care Information/Referral|
4 Aged Residential Care|5 Case Management for Older Persons|6 Delivered Meals (Meals On Wheels)|7 Friendly Visiting|
8 Home Care/Housekeeping Assistance|9 Home Maintenance and Repair|10 Personal Alarms/Alerts|
11 Personal Care for Older Persons|12 Planned Activity Groups|13 Acupuncture|14 Alexander Technique Therapy|
15 Aromatherapy|16 Biorhythm Services|17 Bowen Therapy|18 Chinese Herbal Medicine|19 Feldenkrais|20 Homoeopathy|
21 Hydrotherapy|22 Hypnotherapy|23 Kinesiology|24 Magnetic Therapy|25 Massage Therapy|26 Meditation|27 Myotherapy|
28 Naturopathy|29 Reflexology|30 Reiki|31 Relaxation Therapy|32 Shiatsu|33 Western Herbal Medicine|
34 Family Day care|35 Holiday Programs|36 Kindergarten Inclusion Support|37 Kindergarten/Preschool|
38 Long Day Child Care|39 Occasional Child Care|40 Outside School Hours Care|41 Children's Play Programs|
42 Parenting/Family Support/Education|43 Playgroup|44 School Nursing|45 Toy Library|
46 Child Protection/Child Abuse Report|47 Foster Care|48 Residential/Out-of-Home Care|
49 Support - Young People Leaving Care|50 Audiology|51 Blood Donation|52 Chiropractic|53 Dietetics|
54 Family Planning|55 Health Advocacy/Liaison Service|56 Health Information/Referral|57 Immunization|
58 Maternal & Child Health|59 Nursing|60 Nutrition|61 Occupational Therapy|62 Optometry|63 Osteopathy|64 Pharmacy|
65 Physiotherapy|66 Podiatry|67 Sexual Health|68 Speech Pathology/Therapy|69 Bereavement Counselling|
70 Crisis Counselling|71 Family Counselling/Therapy|72 Family Violence Counselling|73 Financial Counselling|
74 Generalist Counselling|75 Genetic Counselling|76 Health Counselling|77 Mediation|78 Problem Gambling Counselling|
79 Relationship Counselling|80 Sexual Assault Counselling|81 Trauma Counselling|82 Victims of Crime Counselling|
83 Cemetery Operation|84 Cremation|85 Death Service Information|86 Funeral Services|87 Endodontic|88 General Dental|
89 Oral Medicine|90 Oral Surgery|91 Orthodontic|92 Paediatric Dentistry|93 Periodontic|94 Prosthodontic|
95 Acquired Brain Injury Info/Referral|96 Disability Advocacy|97 Disability Aids & Equipment|
98 Disability Case Management|99 Disability Day Programs/Activities|100 Disability Information/Referral|
101 Disability Support Packages|102 Disability Supported Accommodation|103 Early Childhood Intervention|
104 Hearing Aids & Equipment|105 Drug and/or Alcohol Counselling|106 Drug/Alcohol Information/Referral|
107 Needle & Syringe Exchange|108 Non-resid. Alcohol/Drug Treatment|109 Pharmacotherapy|110 Quit Program|
111 Residential Alcohol/Drug Treatment|112 Adult/Community Education|113 Higher Education|114 Primary Education|
115 Secondary Education|116 Training & Vocational Education|117 Emergency Medical|
118 Employment Placement and/or Support|119 Vocational Rehabilitation|120 Work Safety/Accident Prevention|
121 Financial Assistance|122 Financial Information/Advice|123 Material Aid|124 General Practice|
125 Accommodation Placement/Support|126 Crisis/Emergency Accommodation|127 Homelessness Support|
128 Housing Information/Referral|129 Public Rental Housing|130 Interpreting/Multilingual Service|
131 Juvenile Justice|132 Legal Advocacy|133 Legal Information/Advice/Referral|134 Mental Health Advocacy|
135 Mental Health Assess/Triage/Crisis Response|136 Mental Health Case Management|
137 Mental Health Information/Referral|138 Mental Health Inpatient Services|139 Mental Health Non-residential Rehab|
140 Mental Health Residential Rehab/CCU|141 Psychiatry (Requires Referral)|142 Psychology|143 Martial Arts|
144 Personal Fitness Training|145 Physical Activity Group|146 Physical Activity Programs|
147 Physical Fitness Testing|148 Pilates|149 Self-Defence|150 Sporting Club|151 Yoga|152 Food Safety|
153 Health Regulatory /Inspection /Cert.|154 Work Health/Safety Inspection/Cert.|155 Carer Support|156 Respite Care|
157 Anatomical Pathology|158 Pathology - Clinical Chemistry|159 Pathology - General|160 Pathology - Genetics|
161 Pathology - Haematology|162 Pathology - Immunology|163 Pathology - Microbiology|
164 Anaesthesiology - Pain Medicine|165 Cardiology|166 Clinical Genetics|167 Clinical Pharmacology|168 Dermatology|
169 Endocrinology|170 Gastroenterology & Hepatology|171 Geriatric Medicine|172 Immunology & Allergy|
173 Infectious Diseases|174 Intensive Care Medicine|175 Medical Oncology|176 Nephrology|177 Neurology|
178 Occupational Medicine|179 Palliative Medicine|180 Public Health Medicine|181 Rehabilitation Medicine|
182 Rheumatology|183 Sleep Medicine|184 Thoracic Medicine|185 Gynaecological Oncology|186 Obstetrics & Gynaecology|
187 Reproductive Endocrinology/Infertility|188 Urogynaecology|189 Neonatology & Perinatology|
190 Paediatric Cardiology|191 Paediatric Clinical Genetics|192 Paediatric Clinical Pharmacology|
193 Paediatric Endocrinology|194 Paed. Gastroenterology/Hepatology|195 Paediatric Haematology|
196 Paediatric Immunology & Allergy|197 Paediatric Infectious Diseases|198 Paediatric Intensive Care Medicine|
199 Paediatric Medical Oncology|200 Paediatric Medicine|201 Paediatric Nephrology|202 Paediatric Neurology|
203 Paediatric Nuclear Medicine|204 Paediatric Rehabilitation Medicine|205 Paediatric Rheumatology|
206 Paediatric Sleep Medicine|207 Paediatric Surgery|208 Paediatric Thoracic Medicine|
209 Diag. Radiology /Xray /CT /Fluoroscopy|210 Diagnostic Ultrasound|211 Magnetic Resonance Imaging (MRI)|
212 Nuclear Medicine|213 Obstetric/Gynaecological Ultrasound|214 Radiation Oncology|215 Cardiothoracic Surgery|
216 Neurosurgery|217 Ophthalmology|218 Orthopaedic Surgery|219 Otolaryngology/Head & Neck Surgery|
220 Plastic & Reconstructive Surgery|221 Surgery - General|223 Vascular Surgery|224 Support Groups|
225 Air ambulance|226 Ambulance|227 Blood Transport|228 Community Bus|229 Flying Doctor Service|
230 Patient Transport|231 A&E|232 A&EP|233 Abuse|234 ACAS|235 Access|236 Accident|237 Acute Inpatient Serv|
238 Adult Day Programs|239 Adult Mental Health Services|240 Advice|241 Advocacy|242 Aged Persons Mental|
243 Aged Persons Mental|244 Aged Persons Mental|245 Aids|246 Al-Anon|247 Alcohol|248 Al-Teen|249 Antenatal|
250 Anxiety|251 Arthritis|252 Assessment|253 Assistance|254 Asthma|255 ATSS|256 Attendant Care|257 Babies|
258 Bathroom Modificatio|259 Behavior|260 Behavior Interventi|261 Bereavement|262 Bipolar|263 Birth|
264 Birth Control|265 Birthing Options|266 BIST|267 Blood|268 Bone|269 Bowel|270 Brain|271 Breast Feeding|
272 Breast Screen|273 Brokerage|274 Cancer|275 Cancer Support|276 Cardiovascular Disea|277 Care Packages|278 Carer|
279 Case Management|280 Casualty|281 Centrelink|282 Chemists|283 Child And Adolescent|284 Child Care|
285 Child Services|286 Children|287 Children's Services|288 Cholesterol|289 Clothing|290 Community Based Acco|
291 Community Care Unit|292 Community Child And|293 Community Health|294 Community Residentia|
295 Community Transport|296 Companion Visiting|297 Companionship|298 Consumer Advice|299 Consumer Issues|
300 Continuing Care Serv|301 Contraception Inform|302 Coordinating Bodies|303 Correctional Service|
304 Council Environmenta|305 Counselling|306 Criminal|307 Crises|308 Crisis Assessment An|309 Crisis Assistance|
310 Crisis Refuge|311 Day Program|312 Deaf|313 Dental Hygiene|314 Dentistry|315 Dentures|316 Depression|
317 Detoxification|318 Diabetes|319 Diaphragm Fitting|320 Dieticians|321 Disabled Parking|322 District Nursing|
323 Divorce|324 Doctors|325 Drink-Drive|326 Dual Diagnosis Servi|327 Early Choice|328 Eating Disorder|
330 Emergency Relief|331 Employment And Train|332 Environment|333 Equipment|334 Exercise|335 Facility|
336 Family Choice|337 Family Law|338 Family Options|339 Family Services|340 FFYA|341 Financial Aid|342 Fitness|
343 Flexible Care Packag|344 Food|345 Food Vouchers|346 Forensic Mental Heal|347 Futures|348 Futures For Young Ad|
349 General Practitioner|350 Grants|351 Grief|352 Grief Counselling|353 HACC|354 Heart Disease|355 Help|
356 High Blood Pressure|357 Home Help|358 Home Nursing|359 Homefirst|360 Hospice Care|361 Hospital Services|
362 Hospital To Home|364 Hostel|365 Hostel Accommodation|366 Household Items|367 Hypertension|368 Illness|
369 Independent Living|370 Information|371 Injury|372 Intake|373 Intensive Mobile You|374 Intervention|
375 Job Searching|376 Justice|377 Leisure|378 Loans|379 Low Income Earners|380 Lung|381 Making A Difference|
383 Medical Specialists|384 Medication Administr|385 Menstrual Informatio|386 Methadone|387 Mobile Support And T|
388 Motor Neurone|389 Multiple Sclerosis|390 Neighbourhood House|391 Nursing Home|392 Nursing Mothers|393 Obesity|
394 Occupational Health|395 Optometrist|396 Oral Hygiene|397 Outpatients|398 Outreach Service|399 PADP|400 Pain|
401 Pap Smear|402 Parenting|403 Peak Organizations|404 Personal Care|405 Pharmacies|406 Phobias|407 Physical|
408 Physical Activity|409 Postnatal|410 Pregnancy|411 Pregnancy Tests|412 Preschool|413 Prescriptions|
414 Primary Mental Healt|415 Property Maintenance|416 Prostate|417 Psychiatric|418 Psychiatric Disabili|
419 Psychiatric Disabili|420 Psychiatric Disabili|421 Psychiatric Disabili|422 Psychiatric Disabili|
423 Psychiatric Support|424 Recreation|425 Referral|426 Refuge|427 Rent Assistance|428 Residential Faciliti|
429 Residential Respite|430 Respiratory|431 Response|432 Rooming Houses|433 Safe Sex|434 Secure Extended Care|
435 Self Help|436 Separation|437 Services|438 Sex Education|439 Sexual Abuse|440 Sexual Issues|
441 Sexually Transmitted|442 SIDS|443 Social Support|444 Socialisation|445 Special Needs|446 Speech Therapist|
447 Splinting|448 Sport|449 Statewide And Specia|450 STD|451 STI|452 Stillbirth|453 Stomal Care|454 Stroke|
455 Substance Abuse|456 Support|457 Syringes|458 Teeth|459 Tenancy Advice|460 Terminal Illness|461 Therapy|
462 Transcription|463 Translating Services|464 Translator|465 Transport|466 Vertebrae|467 Violence|
468 Vocational Guidance|469 Weight|470 Welfare Assistance|471 Welfare Counselling|472 Wheelchairs|
473 Wound Management|474 Young People At Risk|475 Further Desc. - Community Health Care|476 Library|
477 Community Hours|478 Further Desc. - Specialist Medical|479 Hepatology|480 Gastroenterology|481 Gynaecology|
482 Obstetrics|483 Further Desc. - Specialist Surgical|484 Placement Protection|485 Family Violence|
486 Integrated Family Services|488 Diabetes Educator|489 Kinship Care|490 General Mental Health Services|
491 Exercise Physiology|492 Medical Research|493 Youth|494 Youth Services|495 Youth Health|496 Child and Family Ser|
497 Home Visits|498 Mobile Services|500 Before and/or After|501 Cancer Services|502 Integrated Cancer Se|
503 Multidisciplinary Se|504 Multidisciplinary Ca|505 Meetings|506 Blood pressure monit|507 Dose administration|
508 Medical Equipment Hi|509 Parenting/Family Support/Education|510 Deputising Service|513 Cancer Support Groups|
514 Community Cancer Services|530 Disability Care Transport|531 Aged Care Transport|532 Diabetes Education s|
533 Cardiac Rehabilitati|534 Young Adult Diabetes|535 Pulmonary Rehabilita|536 Art therapy|537 Medication Reviews|
538 Telephone Counselling|539 Telephone Help Line|540 Online Service|541 Crisis - Mental Health|542 Youth Crisis|
543 Sexual Assault|544 GPAH Other|545 Paediatric Dermatology|546 Veterans Services|547 Veterans|
548 Food Relief/Food/Meals|550 Dementia Care|551 Alzheimer|552 Drug and/or Alcohol Support Groups|
553 1-on-1 Support /Mentoring /Coaching|554 Chronic Disease Management|555 Liaison Services|
556 Walk-in Centre /Non-Emergency|557 Inpatients|558 Spiritual Counselling|559 Women's Health|560 Men's Health|
561 Health Education/Awareness Program|562 Test Message|563 Remedial Massage|564 Adolescent Mental Health Services|
565 Youth Drop In/Assistance/Support|566 Aboriginal Health Worker|567 Women's Health Clinic|568 Men's Health Clinic|
569 Migrant Health Clinic|570 Refugee Health Clinic|571 Aboriginal Health Clinic|
572 Nurse Practitioner Lead Clinic/s|573 Nurse Lead Clinic/s|574 Culturally Tailored Support Groups|
575 Culturally Tailored Health Promotion|576 Rehabilitation|577 Education Information/Referral|580 Social Work|
581 Haematology|582 Maternity Shared Car|583 Rehabilitation Servi|584 Cranio-sacral Therapy|
585 Prosthetics & Orthotics|589 Home Medicine Review|590 GPAH - Medical|591 Music Therapy|593 Falls Prevention|
599 Accommodation/Tenancy|600 Assess-Skill, Ability, Needs|601 Assist Access/Maintain Employ|
602 Assist Prod-Pers Care/Safety|603 Assist-Integrate School/Ed|604 Assist-Life Stage, Transition|
605 Assist-Personal Activities|606 Assist-Travel/Transport|607 Assistive Equip-General Tasks|
608 Assistive Equip-Recreation|609 Assistive Prod-Household Task|610 Behavior Support|611 Comms & Info Equipment|
612 Community Nursing Care|613 Daily Tasks/Shared Living|614 Development-Life Skills|615 Early Childhood Supports|
616 Equipment Special Assess Setup|617 Hearing Equipment|618 Home Modification|619 Household Tasks|
620 Interpret/Translate|621 Other Innovative Supports|622 Participate Community|623 Personal Mobility Equipment|
624 Physical Wellbeing|625 Plan Management|626 Therapeutic Supports|627 Training-Travel Independence|
628 Vehicle modifications|629 Vision Equipment
`,
    ),
    ...codes(SERVICE_TYPE, { MED: ['382', 'Medical Services'], URO: ['222', 'Urology'] }),
    ...same('0069', { SUR: 'Surgical Service', PUL: 'Pulmonary Service', CAR: 'Cardiac Service' }),
  },
};
