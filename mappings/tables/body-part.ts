import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { listed, v2System } from './table.ts';

/** RXR-2 and OBX-20, table 0550. */
export const BODY_PART: ConceptTable = {
  id: '0550',
  name: 'BodyParts',
  codes: {
    ...listed(
      v2System('0550'),
      `
JUGE Jugular, External|ADB Abdomen|ACET Acetabulum|ACHIL Achilles|ADE Adenoids|ADR Adrenal|AMN Amniotic fluid|
AMS Amniotic Sac|ANAL Anal|ANKL Ankle|ANTEC Antecubital|ANTECF Antecubital Fossa|ANTR Antrum|ANUS Anus|AORTA Aorta|
AR Aortic Rim|AV Aortic Valve|APDX Appendix|AREO Areola|ARM Arm|ARTE Artery|ASCIT Ascites|ASCT Ascitic Fluid|
ATR Atrium|AURI Auricular|AXI Axilla|BACK Back|BARTD Bartholin Duct|BARTG Bartholin Gland|
BRTGF Bartholin Gland Fluid|BPH Basophils|BID Bile Duct|BIFL Bile fluid|BLAD Bladder|BLOOD Blood|
BLDA Blood, Arterial|BLDC Blood, Capillary|BLDV Blood, Venous|CBLD Blood, Cord|BLD Blood, Whole|BDY Body, Whole|
BON Bone|BMAR Bone marrow|BOWEL Bowel|BOWLA Bowel, Large|BOWSM Bowel, Small|BRA Brachial|BRAIN Brain|
BCYS Brain Cyst Fluid|BRST Breast|BRSTFL Breast fluid|BRO Bronchial|BROCH Bronchiole/Bronchiolar|
BRONC Bronchus/Bronchial|BRV Broviac|BUCCA Buccal|BURSA Bursa|BURSF Bursa Fluid|BUTT Buttocks|CALF Calf|CANAL Canal|
CANLI Canaliculis|CNL Cannula|CANTH Canthus|CDM Cardiac Muscle|CARO Carotid|CARP Carpal|CAVIT Cavity|
CHE Cavity, Chest|CECUM Cecum/Cecal|CSF Cerebral Spinal Fluid|CVX Cervix|CERVUT Cervix/Uterus|CHEEK Cheek|
CHES Chest|CHESTÂ Chest Tube|CHIN Chin|CIRCU Circumcision Site|CLAVI Clavicle/Clavicular|CLITO Clitoral|
CLIT Clitoris|COCCG Coccygeal|COCCY Coccyx|COLON Colon|COLOS Colostomy|COS Colostomy Stoma|CDUCT Common Duct|
CONJ Conjunctiva|CORAL Coral|COR Cord|CORD Cord Blood|CORN Cornea|CRANE Cranium, ethmoid|CRANF Cranium, frontal|
CRANO Cranium, occipital|CRANP Cranium, parietal|CRANS Cranium, sphenoid|CRANT Cranium, temporal|CUBIT Cubitus|
CUFF Cuff|CULD Cul De Sac|CULDO Culdocentesis|DELT Deltoid|DENTA Dental|DEN Dental Gingiva|DIAF Dialysis Fluid|
DPH Diaphragm|DIGIT Digit|DISC Disc|DORS Dorsum/Dorsal|DUFL Duodenal Fluid|DUODE Duodenum/Duodenal|DUR Dura|EAR Ear|
EARBI Ear bone, incus|EARBM Ear bone, malleus|EARBS Ear bone,stapes|EARLO Ear Lobe|ELBOW Elbow|ELBOWJ Elbow Joint|
ENDC Endocardium|EC Endocervical|EOLPH endolpthamitis|ENDM Endometrium|ET Endotracheal|EUR Endourethral|
EOS Eosinophils|EPICA Epicardial|EPICM Epicardium|EPD Epididymis|EPIDU Epidural|EPIGL Epiglottis|ESOPG Esophageal|
ESO Esophagus|ETHMO Ethmoid|Â External Jugular|EYE Eye|BROW Eyebrow|EYELI Eyelid|FACE Face|
FBINC Facial bone, inferior nasal concha|FBLAC Facial bone, lacrimal|FBMAX Facial bone, maxilla|
FBNAS Facial bone, nasal|FBPAL Facial bone, palatine|FBVOM Facial bone, vomer|FBZYG Facial bone, zygomatic|
FALLT Fallopian Tube|FEMOR Femoral|FMH Femoral Head|FEMUR Femur|FET Fetus|FIBU Fibula|FING Finger|FINGN Finger Nail|
FOL Follicle|FOOT Foot|FOREA Forearm|FOREH Forehead|FORES Foreskin|FOURC Fourchette|GB Gall Bladder|GEN Genital|
GVU Genital - Vulva|GENC Genital Cervix|GL Genital Lesion|GENL Genital Lochia|GLAND Gland|GLANS Glans|GLUTE Gluteal|
GLUT Gluteus|GLUTM Gluteus Medius|GROIN Groin|GUM Gum|HAR Hair|HAL Hallux|HAND Hand|HEAD Head|HART Heart|
HV Heart Valve|HVB Heart Valve, Bicuspid|HVT Heart Valve, Tricuspid|HEEL Heel|HEM Hemorrhoid|HIP Hip|HIPJ Hip Joint|
HUMER Humerus|HYMEN Hymen|ILC Ileal Conduit|ILE Ileal Loop|ILEOS Ileostomy|ILEUM Ileum|ILIAC Iliac|ILCR Iliac Crest|
ILCON Ilical Conduit|INGUI Inguinal|JUGI Jugular, Internal|INT Intestine|ICX Intracervical|INASA Intranasal|
INTRU Intrauterine|INTRO Introitus|ISCHI Ischium|JAW Jaw|KIDNÂ Kidney|KNEE Knee|KNEEF Knee Fluid|KNEEJ Knee Joint|
LABIA Labia|LABMA Labia Majora|LABMI Labia Minora|LACRI Lacrimal|LAM Lamella|INSTL Intestine, Large|LARYN Larynx|
LEG Leg|LENS Lens|WBC Leukocytes|LING Lingual|LINGU Lingula|LIP Lip|STOOLL Liquid Stool|LIVER Liver|LOBE Lobe|
LOCH Lochia|ISH Loop, Ishial|LUMBA Lumbar|LMN Lumen|LUNG Lung|LN Lymph Node|LNG Lymph Node, Groin|LYM Lymphocytes|
MAC Macrophages|MALLE Malleolus|MANDI Mandible/Mandibular|MAR Marrow|MAST Mastoid|MAXIL Maxilla/Maxillary|
MAXS Maxillary Sinus|MEATU Meatus|MEC Meconium|MEDST Mediastinum|MEDU Medullary|MOU Membrane|MPB Meninges|
METAC Metacarpal|METAT Metatarsal|MILK Milk, Breast|MITRL Mitral Valve|MOLAR Molar|MP Mons Pubis|
MONSU Mons Ureteris|MONSV Mons Veneris(Mons Pubis)|MOUTH Mouth|MRSA2 Mrsa:|MYO Myocardium|NAIL Nail|NAILB Nail Bed|
NAILF Nail, Finger|NAILT Nail, Toe|NARES Nares|NASL Nasal|NSS Nasal Septum|NLACR Nasolacrimal|
NP Nasopharyngeal/Nasopharynx|NTRAC Nasotracheal|NAVEL Navel|NECK Neck|NERVE Nerve|NIPPL Nipple|
NOS Nose (Nasal Passage)|NOSE Nose/Nose(outside)|NOSTR Nostril|OCCIP Occipital|OLECR Olecranon|OMEN Omentum|
ORBIT Orbit/Orbital|ORO Oropharynx|OSCOX Os coxa (pelvic girdle)|OVARY Ovary|PALAT Palate|PLATH Palate, Hard|
PLATS Palate, Soft|PALM Palm|PANCR Pancreas|PAFL Pancreatic Fluid|PAS Parasternal|PARAT Paratracheal|PARIE Parietal|
PARON Paronychia|PAROT Parotid/Parotid Gland|PATEL Patella|PELV Pelvis|PENSH Penile Shaft|PENIS Penis|
PANAL Perianal/Perirectal|PERI Pericardial Fluid|PCARD Pericardium|PCLIT Periclitoral|PERIH Perihepatic|
PNEAL Perineal|PERIN Perineal Abscess|PNEPH Perinephric|PNM Perineum|PORBI Periorbital|PERRA Perirectal|
PERIS Perisplenic|PER Peritoneal|PERT Peritoneal Fluid|PERIT Peritoneum|PTONS Peritonsillar|PERIU Periurethal|
PERIV Perivesicular|PHALA Phalanyx|PILO Pilonidal|PINNA Pinna|PLC Placenta|PLACF Placenta (Fetal Side)|
PLACM Placenta (Maternal Side)|PLANT Plantar|PLEUR Pleura|PLEU Pleural Fluid|PLR Pleural Fluid (Thoracentesis Fld)|
POPLI Popliteal|PREAU Preauricular|PRERE Prerenal|PRST Prostate Gland|PROS Prostatic Fluid|PUBIC Pubic|
PUL Pulmonary Artery|RADI Radial|RADIUS Radius|RECTL Rectal|RECTU Rectum|RBC Red Blood Cells|RENL Renal|
RNP Renal Pelvis|RPERI Retroperitoneal|RIB Rib|SACRA Sacral|SACRO Sacrococcygeal|SACIL Sacroiliac|SACRU Sacrum|
SALGL Salivary Gland|SCALP Scalp|SCAPU Scapula/Scapular|SCLER Sclera|SCROT Scrotum/Scrotal|SEMN Semen|
SEM Seminal Fluid|SEPTU Septum/Septal|SEROM Seroma|SHIN Shin|SHOLJ Sholder Joint|SHOL Shoulder|SIGMO Sigmoid|
SINUS Sinus|SKM Skeletal Muscle|SKENE Skene's Gland|SKULL Skull|INSTS Intestine, Small|SOLE Sole|SPRM Spermatozoa|
SPHEN Sphenoid|SPCOR Spinal Cord|SPLN Spleen|STER Sternum/Sternal|STOM Stoma|USTOM Stoma, Urinary|STOMA Stomach|
STUMP Stump|SCLV Sub Clavian|SDP Subdiaphramatic|SUB Subdural|SUBD Subdural Fluid|SGF Subgaleal Fluid|
SUBM Submandibular|SUBX Submaxillary|SUBME Submental|SUBPH Subphrenic|SPX Supra Cervical|
SCLAV Supraclavicle/Supraclavicular|SUPRA Suprapubic|SUPB Suprapubic Specimen|SWT Sweat|SWTG Sweat Gland|
SYNOL Synovial|SYN Synovial Fluid|SYNOV Synovium|TARS Tarsal|TDUCT Tear Duct|TEAR Tears|TEMPL Temple|TEMPO Temporal|
TML Temporal Lobe|TESTI Testicle(Testis)|THIGH Thigh|THORA Thorax/Thoracic/Thoracentesis|THRB Throat|THUMB Thumb|
TNL Thumbnail|THM Thymus|THYRD Thyroid|TIBIA Tibia|TOE Toe|TOEN Toe Nail|TONG Tongue|TONS Tonsil|TOOTH Tooth|
TSK Tooth Socket|TRCHE Trachea/Tracheal|TBRON Transbronchial|TCN Transcarina Asp|ULNA Ulna/Ulnar|
UMB Umbilical Blood|UMBL Umbilicus/Umbilical|URET Ureter|URTH Urethra|UTERI Uterine|SAC Uterine Cul/De/Sac|
UTER Uterus|VAGIN Vagina/Vaginal|VCUFF Vaginal Cuff|VGV Vaginal Vault|VAL Valve|VAS Vas Deferens|
VASTL Vastus Lateralis|VAULT Vault|VEIN Vein|VENTG Ventragluteal|VCSF Ventricular CSF|VERMI Vermis Cerebelli|
VERTC Vertebra, cervical|VERTL Vertebra, lumbar|VERTT Vertebra, thoracic|VESI Vesicle|VESCL Vesicular|
VESFLD Vesicular Fluid|VESTI Vestibule(Genital)|VITR Vitreous Fluid|VOC Vocal Cord|VULVA Vulva|WRIST Wrist
`,
    ),
    ...listed(
      'http://terminology.hl7.org/CodeSystem/v3-ActSite',
      `
LA Left arm|RA Right arm
`,
    ),
  },
};

/** Table 0163, before 0550. */
export const BODY_SITE: ConceptTable = {
  id: '0163',
  name: 'BodySite',
  codes: listed(
    v2System('0163'),
    `
BE Bilateral Ears|OU Bilateral Eyes|BN Bilateral Nares|BU Buttock|CT Chest Tube|LA Left Arm|LAC Left Anterior Chest|
LACF Left Antecubital Fossa|LD Left Deltoid|LE Left Ear|LEJ Left External Jugular|OS Left Eye|LF Left Foot|
LG Left Gluteus Medius|LH Left Hand|LIJ Left Internal Jugular|LLAQ Left Lower Abd Quadrant|LLFA Left Lower Forearm|
LMFA Left Mid Forearm|LN Left Naris|LPC Left Posterior Chest|LSC Left Subclavian|LT Left Thigh|LUA Left Upper Arm|
LUAQ Left Upper Abd Quadrant|LUFA Left Upper Forearm|LVG Left Ventragluteal|LVL Left Vastus Lateralis|NB Nebulized|
PA Perianal|PERIN Perineal|RA Right Arm|RAC Right Anterior Chest|RACF Right Antecubital Fossa|RD Right Deltoid|
RE Right Ear|REJ Right External Jugular|OD Right Eye|RF Right Foot|RG Right Gluteus Medius|RH Right Hand|
RIJ Right Internal Jugular|RLAQ Rt Lower Abd Quadrant|RLFA Right Lower Forearm|RMFA Right Mid Forearm|
RN Right Naris|RPC Right Posterior Chest|RSC Right Subclavian|RT Right Thigh|RUA Right Upper Arm|
RUAQ Right Upper Abd Quadrant|RUFA Right Upper Forearm|RVL Right Vastus Lateralis|RVG Right Ventragluteal
`,
  ),
};
