import type { ConceptTable } from '../../src/mapping/concept-table.ts';
import { listed } from './table.ts';

/** SPM-27: SNOMED CT containers, with or without their coding system. */
export const CONTAINER_TYPE: ConceptTable = {
  id: '0785',
  name: 'ContainerType',
  codes: listed(
    'http://snomed.info/sct',
    `
22566001 Cytology brush, device|463568005 Pleural drainage system fluid collector|
464527005 Paediatric blood donor set|464573007 Assisted reproduction needle, reprocessed|
464784003 Assisted reproduction catheter|464946000 Assisted reproduction needle, single-use|
465046006 Assisted reproduction cryotube|465091002 Tissue extraction bag|
465141003 Otological bone particle collector|465487000 Rigid endotherapy cytology brush, reusable|
466164006 Rigid endotherapy cytology brush, single-use|466421006 Viscerotome|
466447002 Blood-processing autotransfusion system container|466623002 Blood gas syringe/needle, sodium heparin|
466637006 Blood donor set, quad-pack|466704003 Blood collection/fat content reduction device|
466844004 Blood donor set, double-pack|466898000 Blood donor set, quin-pack|466930006 Blood donor set, triple-pack|
467030004 Blood gas syringe/needle, lithium heparin|467131002 Blood autotransfusion system tubing|
467132009 Blood donor set, single-pack|467141004 Blood donor set, many-pack|
467182004 Cervical cytology inflatable collector|467330006 Adipose tissue stem cell recovery unit|
467431009 Abortion suction system collection bottle|467499008 Chorionic villus sampling catheter|
467647004 Cryostat microtome|467697000 Cytology scraper, single-use|467743009 Bone marrow explant needle|
467967005 Cytology scraper, reusable|467989009 Capillary blood collection tube, no-additive|
468076003 Bone marrow collection/transfusion set|468131000 Cervical cytology brush|
468200003 Epididymal fluid aspiration catheter|468981005 Dental bone particle collector|
468999002 Endometrial cytology brush|469287008 Intrauterine secretion scoop|
469322002 Intravascular catheter endoluminal brush|469454007 Intrauterine scoop|
469822008 Flexible endotherapy cytology brush, single-use|470114007 Flexible endotherapy cytology brush, reusable|
470547006 General-purpose cytology brush|470597005 Gastro-urological scoop|
700855008 Tissue/fluid collection bag, sterile|700905004 Specimen container mailer, insulated|
700906003 Specimen container mailer, non-insulated|700945008 Blood cell freeze/thaw system set|
700955007 Blood collection Luer-syringe adaptor|700956008 Blood collection needle, basic|
700957004 Blood/tissue storage/culture container|701394007 General specimen receptacle transport container|
701516009 Evacuated blood collection tube transport container|701720006 Tissue/fluid collection bag, non-sterile|
702120003 Blood collection Luer adaptor|702223006 Sputum specimen container|
702224000 Midstream urine specimen container|702232008 Sweat specimen container IVD|
702244006 Sterile urine specimen container|702256007 Non-evacuated blood collection tube, no additive|
702264001 Non-sterile urine specimen container IVD|702268003 General specimen container, no additive, non-sterile|
702269006 General specimen container, no additive, sterile|
702275002 Microcapillary blood collection tube, ammonium heparin|
702276001 Microcapillary blood collection tube, K2EDTA|702277005 Microcapillary blood collection tube, no additive|
702278000 Evacuated blood collection tube, no additive/metal-free|
702279008 Evacuated blood collection tube, gel separator|702280006 Evacuated blood collection tube, RNA stabilizer|
702281005 Evacuated blood collection tube, thrombin/clot activator/gel separator|
702282003 Non-evacuated blood collection tube, EDTA|702283008 Non-evacuated blood collection tube, gel separator|
702284002 Non-evacuated blood collection tube, lithium heparin|
702285001 Non-evacuated blood collection tube, lithium heparin/gel separator, sterile|
702286000 Non-evacuated blood collection tube, NaEDTA/sodium fluoride|
702287009 Non-evacuated blood collection tube, potassium oxalate/sodium fluoride|
702288004 Evacuated urine specimen container, boric acid (H3BO3)/sodium formate|
702289007 Evacuated urine specimen container, ethyl paraben/sodium porpionate/chlorhexidine|
702290003 Cervical cytology microscopy slide|702292006 Evacuated blood collection tube , K3EDTA/sodium fluoride|
702293001 Evacuated blood collection tube, K2EDTA/aprotinin|702294007 Syringe-blood collection tube transfer|
702295008 Non-evacuated blood collection tube, clot activator/gel separator|
702296009 Non-evacuated blood collection tube, sodium citrate|
702297000 Non-evacuated blood collection tube, clot activator|702298005 Non-evacuated blood collection tube, K3EDTA|
702299002 Non-evacuated blood collection tube, K2EDTA|
702300005 Non-evacuated blood collection tube, lithium heparin/gel separator, non-sterile|
702301009 Microcapillary blood collection funnel|702302002 Evacuated urine specimen container, boric acid (H3BO3)|
702303007 Evacuated urine specimen container, multiple preservative|
702304001 Microcapillary blood transfer tube, clot activator|
702305000 Microcapillary blood transfer tube, sodium fluoride|702306004 Microcapillary blood transfer tube, EDTA|
702307008 Microcapillary blood transfer tube IVD, heparin|
702308003 Evacuated urine specimen container IVD, no additive|702309006 Saliva specimen container IVD, no additive|
702310001 Evacuated saliva specimen container IVD, sodium azide|
704866005 Orthopedic bone particle collector, reusable|704921002 Hemoperfusion tubing set|
706042001 Clinical sampling brush|706044000 Endotherapy cytology brush|706045004 Bone particle collector|
706046003 Specimen receptacle|706047007 Fecal specimen container|706048002 Blood specimen receptacle|
706049005 Blood tube|706050005 Microcapillary blood collection tube|706051009 Non-evacuated blood collection tube|
706052002 Evacuated blood collection tube|706053007 General specimen container|706054001 Urine specimen container|
706055000 24-hour urine specimen container|706056004 Evacuated urine specimen container|
706057008 Cytology specimen container|706058003 Secretory specimen container|
706067003 Blood collection/transfer device|706070004 Blood donor set|
706071000 Specimen receptacle transport container|712485008 Autologous blood collection tube|
713951005 Adipose tissue stem cell recovery unit, ultrasonic|714731008 Blood component separator|
718301008 Urological fluid funnel, sterile|718302001 Urological fluid funnel, non-sterile
`,
  ),
};
