import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { listed, v2System } from './table.ts';

/** SPM-4. */
export const SPECIMEN_TYPE: ConceptTable = {
  id: '0487',
  name: 'SpecimenType',
  codes: listed(
    v2System('0487'),
    `
ABS Abscess|ACNE Tissue, Acne|ACNFLD Fluid, Acne|AIRS Air Sample|ALL Allograft|AMN Amniotic fluid|AMP Amputation|
ANGI Catheter Tip, Angio|ARTC Catheter Tip, Arterial|ASERU Serum, Acute|ASP Aspirate|ATTE Environment, Attest|
AUTOA Environmental, Autoclave Ampule|AUTOC Environmental, Autoclave Capsule|AUTP Autopsy|BBL Blood bag|
BCYST Cyst, Baker's|BDY Whole body|BIFL Bile Fluid|BITE Bite|BLD Whole blood|BLDA Blood arterial|BLDCO Cord blood|
BLDV Blood venous|BLEB Bleb|BLIST Blister|BOIL Boil|BON Bone|BOWL Bowel contents|BPH Basophils|
BPU Blood product unit|BRN Burn|BRSH Brush|BRTH Breath (use EXHLD)|BRUS Brushing|BUB Bubo|BULLA Bulla/Bullae|
BX Biopsy|CALC Calculus (=Stone)|CARBU Carbuncle|CAT Catheter|CBITE Bite, Cat|CDM Cardiac muscle|CLIPP Clippings|
CNJT Conjunctiva|CNL Cannula|COL Colostrum|CONE Biospy, Cone|CSCR Scratch, Cat|CSERU Serum, Convalescent|
CSF Cerebral spinal fluid|CSITE Catheter Insertion Site|CSMY Fluid, Cystostomy Tube|CST Fluid, Cyst|
CSVR Blood, Cell Saver|CTP Catheter tip|CUR Curretage|CVM Cervical Mucus|CVPS Site, CVP|CVPT Catheter Tip, CVP|
CYN Nodule, Cystic|CYST Cyst|DBITE Bite, Dog|DCS Sputum, Deep Cough|DEC Ulcer, Decubitus|
DEION Environmental, Water (Deionized)|DIA Dialysate|DIAF Dialysis Fluid|DISCHG Discharge|DIV Diverticulum|
DRN Drain|DRNG Drainage, Tube|DRNGP Drainage, Penrose|DUFL Duodenal fluid|EARW Ear wax (cerumen)|
EBRUSH Brush, Esophageal|EEYE Environmental, Eye Wash|EFF Environmental, Effluent|EFFUS Effusion|
EFOD Environmental, Food|EISO Environmental, Isolette|ELT Electrode|ENVIR Environmental, Unidentified Substance|
EOS Eosinophils|EOTH Environmental, Other Substance|ESOI Environmental, Soil|ESOS Environmental, Solution (Sterile)|
ETA Aspirate, Endotrach|ETTP Catheter Tip, Endotracheal|ETTUB Tube, Endotracheal|EWHI Environmental, Whirlpool|
EXG Gas, exhaled (=breath)|EXS Shunt, External|EXUDTE Exudate|FAW Environmental, Water (Well)|FBLOOD Blood, Fetal|
FGA Fluid, Abdomen|FIB Fibroblasts|FIST Fistula|FLD Fluid, Other|FLT Filter|FLU Fluid, Body unsp|FLUID Fluid|
FOLEY Catheter Tip, Foley|FRS Fluid, Respiratory|FSCLP Scalp, Fetal|FUR Furuncle|GAS Gas|GASA Aspirate, Gastric|
GASAN Antrum, Gastric|GASBR Brushing, Gastric|GASD Drainage, Gastric|GAST Fluid/contents, Gastric|
GENL Genital lochia|GENV Genital vaginal|GRAFT Graft|GRAFTS Graft Site|GRANU Granuloma|GROSH Catheter, Groshong|
GSOL Solution, Gastrostomy|GSPEC Biopsy, Gastric|GT Tube, Gastric|GTUBE Drainage Tube, Drainage (Gastrostomy)|
HAR Hair|HBITE Bite, Human|HBLUD Blood, Autopsy|HEMAQ Catheter Tip, Hemaquit|HEMO Catheter Tip, Hemovac|
HERNI Tissue, Herniated|HEV Drain, Hemovac|HIC Catheter, Hickman|HYDC Fluid, Hydrocele|IBITE Bite, Insect|
ICYST Cyst, Inclusion|IDC Catheter Tip, Indwelling|IHG Gas, Inhaled|ILEO Drainage, Ileostomy|
ILLEG Source of Specimen Is Illegible|IMP Implant|INCI Site, Incision/Surgical|INFIL Infiltrate|INS Insect|
INTRD Catheter Tip, Introducer|ISLT Isolate|IT Intubation tube|IUD Intrauterine Device|IVCAT Catheter Tip, IV|
IVFLD Fluid, IV|IVTIP Tubing Tip, IV|JEJU Drainage, Jejunal|JNTFLD Fluid, Joint|JP Drainage, Jackson Pratt|
KELOI Lavage|KIDFLD Fluid, Kidney|LAVG Lavage, Bronhial|LAVGG Lavage, Gastric|LAVGP Lavage, Peritoneal|
LAVPG Lavage, Pre-Bronch|LENS1 Contact Lens|LENS2 Contact Lens Case|LESN Lesion|LIQ Liquid, Unspecified|
LIQO Liquid, Other|LNA Line arterial|LNV Line venous|LSAC Fluid, Lumbar Sac|LYM Lymphocytes|MAC Macrophages|
MAHUR Catheter Tip, Makurkour|MAR Marrow|MASS Mass|MBLD Blood, Menstrual|MEC Meconium|MILK Breast milk|MLK Milk|
MUCOS Mucosa|MUCUS Mucus|NAIL Nail|NASDR Drainage, Nasal|NEDL Needle|NEPH Site, Nephrostomy|
NGASP Aspirate, Nasogastric|NGAST Drainage, Nasogastric|NGS Site, Naso/Gastric|NODUL Nodule(s)|
NSECR Secretion, Nasal|ORH Other|ORL Lesion, Oral|OTH Source, Other|PACEM Pacemaker|PAFL Pancreatic fluid|
PCFL Fluid, Pericardial|PDSIT Site, Peritoneal Dialysis|PDTS Site, Peritoneal Dialysis Tunnel|PELVA Abscess, Pelvic|
PENIL Lesion, Penile|PERIA Abscess, Perianal|PILOC Cyst, Pilonidal|PINS Site, Pin|PIS Site, Pacemaker Insetion|
PLAN Plant Material|PLAS Plasma|PLB Plasma bag|PLC Placenta|PLEVS Serum, Peak Level|
PLR Pleural fluid (thoracentesis fluid)|PMN Polymorphonuclear neutrophils|PND Drainage, Penile|POL Polyps|
POPGS Graft Site, Popliteal|POPLG Graft, Popliteal|POPLV Site, Popliteal Vein|PORTA Catheter, Porta|
PPP Plasma, Platelet poor|PROST Prosthetic Device|PRP Plasma, Platelet rich|PSC Pseudocyst|PUNCT Wound, Puncture|
PUS Pus|PUSFR Pustule|PUST Pus|QC3 Quality Control|RANDU Urine, Random|RBC Erythrocytes|RBITE Bite, Reptile|
RECT Drainage, Rectal|RECTA Abscess, Rectal|RENALC Cyst, Renal|RENC Fluid, Renal Cyst|RES Respiratory|SAL Saliva|
SCAR Tissue, Keloid (Scar)|SCLV Catheter Tip, Subclavian|SCROA Abscess, Scrotal|SECRE Secretion(s)|SER Serum|
SHU Site, Shunt|SHUNF Fluid, Shunt|SHUNT Shunt|SITE Site|SKBP Biopsy, Skin|SKN Skin|SMM Mass, Sub-Mandibular|
SMN Seminal fluid|SNV Fluid, synovial (Joint fluid)|SPRM Spermatozoa|SPRP Catheter Tip, Suprapubic|
SPRPB Cathether Tip, Suprapubic|SPS Environmental, Spore Strip|SPT Sputum|SPTC Sputum - coughed|
SPTT Sputum - tracheal aspirate|SPUT1 Sputum, Simulated|SPUTIN Sputum, Inducted|SPUTSP Sputum, Spontaneous|
STER Environmental, Sterrad|STL Stool = Fecal|STONE Stone, Kidney|SUBMA Abscess, Submandibular|
SUBMX Abscess, Submaxillary|SUMP Drainage, Sump|SUP Suprapubic Tap|SUTUR Suture|SWGZ Catheter Tip, Swan Gantz|
SWT Sweat|TASP Aspirate, Tracheal|TEAR Tears|THRB Thrombocyte (platelet)|TISS Tissue|TISU Tissue ulcer|
TLC Cathether Tip, Triple Lumen|TRAC Site, Tracheostomy|TRANS Transudate|TSERU Serum, Trough|
TSTES Abscess, Testicular|TTRA Aspirate, Transtracheal|TUBES Tubes|TUMOR Tumor|TZANC Smear, Tzanck|
UDENT Source, Unidentified|UMED Unknown Medicine|UR Urine|URC Urine clean catch|URINB Urine, Bladder Washings|
URINC Urine, Catheterized|URINM Urine, Midstream|URINN Urine, Nephrostomy|URINP Urine, Pedibag|URNS Urine sediment|
URT Urine catheter|USCOP Urine, Cystoscopy|USPEC Source, Unspecified|USUB Unkown substance|VASTIP Catheter Tip, Vas|
VENT Catheter Tip, Ventricular|VITF Vitreous Fluid|VOM Vomitus|WASH Wash|WASI Washing, e.g. bronchial washing|
WAT Water|WB Blood, Whole|WBC Leukocytes|WEN Wen|WICK Wick|WND Wound|WNDA Wound abscess|WNDD Wound drainage|
WNDE Wound exudate|WORM Worm|WRT Wart|WWA Environmental, Water|WWO Environmental, Water (Ocean)|
WWT Environmental, Water (Tap)
`,
  ),
};
