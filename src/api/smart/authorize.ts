import express, { type Request, type Response, type Router } from 'express';
import type { Peer } from '../../model/actor.ts';
import type { ClientRecord } from '../../server/access-commands.ts';
import type { Session } from '../../server/login-commands.ts';
import { hashToken } from '../access.ts';
import { peerOf } from '../peer.ts';
import {
  type AuthorizeRequest,
  REQUEST_NAMES,
  type ReadRequest,
  type RedirectFault,
  readAuthorizeRequest,
  wantsSignIn,
} from './authorize-request.ts';
import type { Browser } from './browser.ts';
import { type Asked, askedOf, grantCode, isRefused } from './consent.ts';
import { type Form, formOf, readForm } from './form.ts';
import { consentPage, faultPage, STYLE, STYLE_PATH, signInPage } from './pages.ts';
import { findPatients, patientFor } from './patients.ts';
import { loginAudit, makeSignIn } from './sign-in.ts';
import type { SmartDeps } from './smart-deps.ts';

const BODY_MAX = '64kb';
const WRONG = 'The name or the password is wrong.';
const SLOW_DOWN = 'Too many attempts. Wait a minute and try again.';

/**
 * /oauth2/authorize and its pages: sign in, choose a patient, allow. Each page carries the whole request, which is checked anew at each
 * step, so any hub can serve the next. Nothing is granted by a GET. Rule: SMART App Launch 2.2; RFC 6749 §4.1; RFC 9207; RFC 9700.
 */
export function authorizeRouter(deps: SmartDeps): Router {
  const { database, clock, browsers } = deps;
  const signIn = makeSignIn(deps);
  const router = express.Router();
  const text = express.text({ type: 'application/x-www-form-urlencoded', limit: BODY_MAX });

  /** The request a page was about, if the page was ours; else answers and gives nothing. */
  const resumed = async (request: Request, response: Response) => {
    const form = formOf(request.body);
    const browser = browsers.of(request, response);
    if (!browsers.isGenuine(request, browser, form.get('csrf')))
      return void send(response, 403, faultPage('This form is not from this browser’s page. Start again in the app.'));
    const carried = readForm(new URLSearchParams(form.get('request') ?? ''));
    const read = await readRequest(deps, carried);
    if (read.kind !== 'request') return void answerFault(deps, response, read);
    return { form, browser, asked: read.request, carried: queryOf(carried) };
  };

  router.get(STYLE_PATH, (_request, response) => void response.type('css').send(STYLE));
  router.get('/oauth2/authorize', async (request, response) => {
    const form = readForm(new URL(request.url, deps.origin).searchParams);
    const read = await readRequest(deps, form);
    if (read.kind !== 'request') return answerFault(deps, response, read);
    const browser = browsers.of(request, response);
    const session = await sessionOf(deps, browser);
    const carried = queryOf(form, SATISFIED);
    if (!session || wantsSignIn(form, session.signedInAt, clock.now()))
      return show(
        response,
        read.request,
        signInPage({ csrf: browser.csrf, request: carried }, read.request.client.name),
      );
    await consent(deps, response, { browser, session, asked: read.request, carried, peer: peerOf(request) });
  });
  // A POST from an app comes without our cookie (SameSite): the same request goes on as a GET.
  router.post('/oauth2/authorize', text, (request, response) => {
    response.redirect(303, `/oauth2/authorize?${queryOf(formOf(request.body))}`);
  });
  router.post('/oauth2/sign-in', text, async (request, response) => {
    const page = await resumed(request, response);
    if (!page) return;
    const { form, asked, carried } = page;
    const fresh = browsers.renew(response);
    const outcome = await signIn({
      name: (form.get('name') ?? '').slice(0, 200),
      password: (form.get('password') ?? '').slice(0, 1000),
      peer: peerOf(request),
      app: asked.client.id,
      cookie: fresh.cookie,
    });
    if (outcome === 'signed-in') return response.redirect(303, `/oauth2/authorize?${carried}`);
    const again = signInPage(
      { csrf: fresh.csrf, request: carried },
      asked.client.name,
      outcome === 'refused' ? WRONG : SLOW_DOWN,
    );
    show(response.status(outcome === 'refused' ? 403 : 429), asked, again);
  });
  router.post('/oauth2/sign-out', text, async (request, response) => {
    const page = await resumed(request, response);
    if (!page) return;
    const session = await sessionOf(deps, page.browser);
    const audit = loginAudit(session, 'sign-out', page.asked.client.id, 200, clock.now(), peerOf(request));
    if (session) await database.write('login.end-session', { hash: hashToken(page.browser.cookie), audit });
    browsers.renew(response);
    response.redirect(303, `/oauth2/authorize?${page.carried}`);
  });
  router.post('/oauth2/consent', text, async (request, response) => {
    const page = await resumed(request, response);
    if (!page) return;
    const { form, browser, asked, carried } = page;
    const session = await sessionOf(deps, browser);
    if (!session) return response.redirect(303, `/oauth2/authorize?${carried}`);
    await consent(deps, response, { browser, session, asked, carried, form, peer: peerOf(request) });
  });
  return router;
}

interface ConsentStep {
  readonly browser: Browser;
  readonly session: Session;
  readonly asked: AuthorizeRequest;
  readonly carried: string;
  readonly peer: Peer;
  /** The answered page; absent when it is shown first. */
  readonly form?: Form;
}

async function consent(deps: SmartDeps, response: Response, step: ConsentStep): Promise<void> {
  const { session, asked: request, browser, form, peer } = step;
  if (form?.get('decision') === 'deny')
    return refuseTo(deps, response, request, ['access_denied', 'the person refused']);
  const asked = await askedOf(deps, request, session, peer);
  if (isRefused(asked)) return refuseTo(deps, response, request, asked);
  if (form?.get('decision') !== 'allow') return showConsent(deps, response, step, asked);
  const id = form.get('patient');
  const chosen = asked.chooses && id !== undefined ? await patientFor(deps.service, asked.actor, id) : undefined;
  if (asked.chooses && !chosen) return showConsent(deps, response, step, asked, 'Choose a patient.');
  const code = await grantCode(deps, asked, browser.cookie, chosen?.id);
  if (code === undefined)
    return refuseTo(deps, response, request, ['access_denied', 'the launch or the session ended']);
  goTo(deps, response, request.redirectUri, { code, state: request.state });
}

async function showConsent(
  deps: SmartDeps,
  response: Response,
  { browser, asked: request, carried, form }: ConsentStep,
  asked: Asked,
  fault?: string,
): Promise<void> {
  const find = form?.get('find');
  const page = consentPage({
    csrf: browser.csrf,
    request: carried,
    app: request.client.name,
    user: asked.session.name,
    scopes: asked.scopes,
    launched: asked.launched?.patient,
    choices: asked.chooses ? await findPatients(deps.service, asked.actor, find ?? '') : undefined,
    find,
    fault,
  });
  show(response.status(fault === undefined ? 200 : 422), request, page);
}

async function readRequest({ database, service }: SmartDeps, form: Form): Promise<ReadRequest> {
  const id = form.get('client_id');
  const client = id === undefined ? undefined : await database.read<ClientRecord | undefined>('access.client', id);
  return readAuthorizeRequest(form, client, service.base);
}

const sessionOf = ({ database, clock }: SmartDeps, { cookie }: Browser): Promise<Session | undefined> =>
  database.read<Session | undefined>('login.session', { hash: hashToken(cookie), at: clock.now() });

/** Asked once: who has signed in since is not sent back to do it again. */
const SATISFIED = ['prompt', 'max_age'];

const queryOf = (form: Form, without: readonly string[] = []): string => {
  const names = REQUEST_NAMES.filter((name) => form.has(name) && !without.includes(name));
  return new URLSearchParams(names.map((name) => [name, form.get(name)!])).toString();
};

function answerFault(deps: SmartDeps, response: Response, fault: Exclude<ReadRequest, { kind: 'request' }>): void {
  if (fault.kind === 'page') send(response, 400, faultPage(fault.text));
  else tell(deps, response, fault);
}

function refuseTo(
  deps: SmartDeps,
  response: Response,
  request: AuthorizeRequest,
  [error, text]: readonly [string, string],
): void {
  tell(deps, response, { kind: 'redirect', redirectUri: request.redirectUri, state: request.state, error, text });
}

const tell = (deps: SmartDeps, response: Response, { redirectUri, state, error, text }: RedirectFault): void =>
  goTo(deps, response, redirectUri, { error, error_description: text, ...(state === undefined ? {} : { state }) });

/** To the app, with who answers, so that it cannot take us for another server. Rule: RFC 9207; 303: RFC 9700 §4.12. */
function goTo(
  { origin }: SmartDeps,
  response: Response,
  redirectUri: string,
  answer: Readonly<Record<string, string>>,
): void {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...answer, iss: origin })) url.searchParams.append(name, value);
  response.set('cache-control', 'no-store').redirect(303, url.href);
}

/** A page whose forms may lead back to the app: browsers ask form-action of redirects too. */
function show(response: Response, { redirectUri }: AuthorizeRequest, page: string): void {
  const { protocol, origin } = new URL(redirectUri);
  send(response, response.statusCode, page, origin === 'null' ? protocol : origin);
}

function send(response: Response, status: number, page: string, formAction = ''): void {
  response
    .status(status)
    .set({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self' ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    })
    .type('html')
    .send(page);
}
