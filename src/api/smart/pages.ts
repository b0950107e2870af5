import { type Html, html } from './html.ts';
import { scopeInWords } from './scope-words.ts';

export const STYLE_PATH = '/oauth2/style.css';

export const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; justify-items: center; }
main { width: min(32rem, 100% - 2rem); padding: 2rem 0; }
label, fieldset { display: block; margin: 1rem 0; }
input:not([type=radio]) { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit; }
button { padding: .5rem 1rem; font: inherit; margin: .25rem .5rem .25rem 0; }
[role=alert] { border-left: .25rem solid #b00020; padding-left: .75rem; }
`;

/** What every form of ours carries: the token of this browser and the request it is about. */
export interface Carried {
  readonly csrf: string;
  /** Query of the authorization request. */
  readonly request: string;
}

const page = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Handoff</title>
<link rel="stylesheet" href="${STYLE_PATH}"></head>
<body><main><h1>${title}</h1>${body}</main></body>
</html>
`.text;

const carry = ({ csrf, request }: Carried): Html =>
  html`<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="request" value="${request}">`;

const alert = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p role="alert">${text}</p>`;

/** A request that cannot go on and that no app is told of. */
export const faultPage = (text: string): string => page('This cannot go on', html`<p role="alert">${text}</p>`);

export const signInPage = (carried: Carried, app: string, fault?: string): string =>
  page(
    'Sign in',
    html`<p>${app} asks to work in your name.</p>${alert(fault)}
<form method="post" action="/oauth2/sign-in">${carry(carried)}
<label>Name <input name="name" autocomplete="username" required maxlength="200" autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="1000"></label>
<button>Sign in</button></form>`,
  );

export interface PatientChoice {
  readonly id: string;
  /** Name and birth date, for the person who chooses. */
  readonly label: string;
}

export interface ConsentPage extends Carried {
  readonly app: string;
  readonly user: string;
  readonly scopes: readonly string[];
  /** The patient an EHR has open; it cannot be changed here. */
  readonly launched: PatientChoice | undefined;
  /** Patients to choose from; absent where no patient is needed. */
  readonly choices: readonly PatientChoice[] | undefined;
  readonly find: string | undefined;
  readonly fault: string | undefined;
}

export const consentPage = (consent: ConsentPage): string =>
  page(
    'Allow access',
    html`<p>You are signed in as <strong>${consent.user}</strong>. <strong>${consent.app}</strong> asks to:</p>
<ul>${consent.scopes.map((scope) => html`<li>${scopeInWords(scope)}</li>`)}</ul>${alert(consent.fault)}
<form method="post" action="/oauth2/consent">${carry(consent)}
${consent.launched && html`<p>Patient: <strong>${consent.launched.label}</strong></p>`}
${consent.choices && picker(consent.choices, consent.find)}
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Refuse</button></form>
<form method="post" action="/oauth2/sign-out">${carry(consent)}<button>I am somebody else</button></form>`,
  );

/** The search button stands first: Enter in the field searches and never allows. */
const picker = (choices: readonly PatientChoice[], find: string | undefined): Html =>
  html`<label>Find a patient by name, birth date (YYYY-MM-DD) or identifier
<input name="find" type="search" maxlength="200" value="${find ?? ''}"></label>
<button name="decision" value="find">Find</button>
<fieldset><legend>Which patient?</legend>
${choices.length === 0 ? html`<p>No patient that you may see.</p>` : undefined}
${choices.map(
  ({ id, label }) => html`<label><input type="radio" name="patient" value="${id}"> ${label}</label>`,
)}</fieldset>`;
