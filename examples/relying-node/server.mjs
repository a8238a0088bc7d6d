// A relying party's backend in plain Node (20 or newer), without dependencies: the contract of
// docs/relying.md from top to bottom. Start it with
//
//   ACCOUNTS=https://accounts.example.org CLIENT_ID=wiki CLIENT_SECRET=… \
//   ORIGIN=https://wiki.example.org PORT=8080 node server.mjs
//
// ACCOUNTS_INTERNAL is the address for calls between servers where it differs from ACCOUNTS.

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { BadToken, Remembered, logoutTokens } from './logout_token.mjs';

const { ACCOUNTS, ACCOUNTS_INTERNAL = ACCOUNTS, CLIENT_ID, CLIENT_SECRET, ORIGIN, PORT = '8080', HOST = '127.0.0.1' } = process.env;
for (const [name, value] of Object.entries({ ACCOUNTS, CLIENT_ID, CLIENT_SECRET, ORIGIN })) {
  if (!value) throw new Error(`${name} is not set`);
}

const SECONDS = 1_000, MINUTES = 60 * SECONDS, HOURS = 60 * MINUTES;
const HEX = /^[0-9a-f]{64}$/;
const sha256 = (text, encoding) => createHash('sha256').update(text).digest(encoding);
const isId = (id) => typeof id === 'string' && id !== '' && id.length <= 255;
const nonceOf = (tx) => sha256(`vestibule-nonce:${tx}`, 'base64url');
const cookie = (name, value, site, more = '') => `__Host-sso-${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${site}${more}`;

/** Ends a request with a status; `outcome` says what became of the local session. */
class Refusal extends Error {
  constructor(status, error, { outcome = 'none', headers = {} } = {}) {
    super(error);
    Object.assign(this, { status, outcome, headers });
  }
}

// ---- the accounts server, off-band ----

/** Calls with a deadline, without redirects, and reads no more than 64 kB. Without a body it asks for what is public. */
async function call(path, body) {
  const authorization = `Basic ${Buffer.from([CLIENT_ID, CLIENT_SECRET].map(encodeURIComponent).join(':')).toString('base64')}`;
  try {
    const asked = body && { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(ACCOUNTS_INTERNAL + path, { ...asked, redirect: 'manual', signal: AbortSignal.timeout(3 * SECONDS) });
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.length > 64 * 1024) throw new Refusal(502, 'accounts_error');
    }
    if (response.status === 200) return parsed(text);
    if (body === undefined) throw new Refusal(502, 'accounts_error');
    if (response.status === 403) throw new Refusal(403, 'payload_refused');
    if (response.status === 410) throw new Refusal(410, 'payload_gone');
    if (response.status === 429 || response.status === 503) {
      throw new Refusal(503, 'accounts_busy', { headers: { 'Retry-After': response.headers.get('retry-after') ?? '1' } });
    }
    throw new Refusal(502, 'accounts_error');
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw error.name === 'TimeoutError' ? new Refusal(504, 'accounts_timeout') : new Refusal(502, 'accounts_unreachable');
  }
}

function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new Refusal(502, 'accounts_error');
  }
}

// ---- local sessions, by the SHA-256 of their secret ----

const sessions = new Map();
const endOf = ({ endsAt, seenAt }) => Math.min(endsAt, seenAt + 2 * HOURS);
let quietUntil = 0;

/** The live session of a cookie; every 10 minutes it is asked for again, by one request at a time. */
async function live(secret) {
  const id = HEX.test(secret ?? '') ? sha256(secret, 'hex') : '';
  const session = sessions.get(id);
  if (session === undefined) return null;
  if (Date.now() >= endOf(session)) sessions.delete(id);
  else if (Date.now() - session.checkedAt >= 10 * MINUTES && Date.now() >= quietUntil) {
    session.asking ??= askAgain(id, session).finally(() => { session.asking = undefined; });
    await session.asking;
  }
  if (!sessions.has(id)) return null;
  session.seenAt = Date.now();
  return { id, ...session };
}

/** Only a clear no ends a session; without an answer nobody asks again for a while. */
async function askAgain(id, session) {
  try {
    const { active } = await call('/v1/session/status', { sid: session.person.sid });
    if (active === false) sessions.delete(id);
    else if (active === true) session.checkedAt = Date.now();
    else quietUntil = Date.now() + 30 * SECONDS;
  } catch {
    quietUntil = Date.now() + 30 * SECONDS;
  }
}

// ---- reading a request ----

/** Our cookies; one that is there twice is refused. */
function cookiesOf(request) {
  const jar = {};
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, ...value] = pair.split('=').map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''));
    if (!['__Host-sso-session', '__Host-sso-tx', '__Host-sso-to'].includes(name)) continue;
    if (Object.hasOwn(jar, name)) throw new Refusal(400, 'invalid_request');
    jar[name] = value.join('=');
  }
  return { session: jar['__Host-sso-session'], tx: jar['__Host-sso-tx'], to: jar['__Host-sso-to'] };
}

function checkOwnPage({ headers }) {
  const site = headers['sec-fetch-site'];
  if (site === undefined ? headers.origin !== ORIGIN : site !== 'same-origin') throw new Refusal(403, 'foreign_origin');
}

/** The text of a body, and of which kind it is. */
async function bodyOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 4096) throw new Refusal(413, 'invalid_request', { headers: { Connection: 'close' } });
  }
  const [type, ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((part) => part.startsWith('charset='))?.replace(/^charset=|"/g, '') ?? 'utf-8';
  const isJson = type === 'application/json', isForm = type === 'application/x-www-form-urlencoded';
  if (charset !== 'utf-8' || !(isJson || isForm)) throw new Refusal(415, 'invalid_request');
  return { text, isForm };
}

/** The payload, from JSON or from a form; exactly one. */
async function payloadOf(request) {
  const { text, isForm } = await bodyOf(request);
  const values = isForm ? new URLSearchParams(text).getAll('recoveryPayload') : fromJson(text);
  if (values.length !== 1 || typeof values[0] !== 'string') throw new Refusal(400, 'invalid_request');
  if (values[0] !== '' && !HEX.test(values[0])) throw new Refusal(400, 'invalid_request');
  return values[0];
}

/** JSON.parse keeps the last of doubled members: they are counted in the text, where escapes could hide one. */
function fromJson(text) {
  try {
    const body = JSON.parse(text);
    const count = text.split('"recoveryPayload"').length - 1;
    return count === 1 && !text.includes('\\') && !Array.isArray(body) ? [body.recoveryPayload] : [];
  } catch {
    return [];
  }
}

/** Paths of this site only, in every reading that a browser could give them, and none of the kit's own. */
function mayReturn(path) {
  return path.length <= 1024 && /^\/[!-[\]-~]*$/.test(path) && !path.split(/[?#]/)[0].includes('//')
    && !/%(?![0-9a-f]{2})|%[01][0-9a-f]|%5c|%7f/i.test(path) && !/^\/sso(?:$|[/?#])/.test(path);
}

// ---- the five routes ----

async function show({ session, tx }, site = 'same-origin') {
  const known = HEX.test(tx ?? '') ? tx : undefined;
  const used = known ?? randomBytes(32).toString('hex');
  const headers = known || site !== 'same-origin' ? {} : { 'Set-Cookie': cookie('tx', used, 'Strict') };
  return { status: 200, headers, body: { hasSession: await live(session) !== null, nonce: nonceOf(used) } };
}

async function receive(request) {
  checkOwnPage(request);
  const { session, tx } = cookiesOf(request);
  const recoveryPayload = await payloadOf(request);
  if (recoveryPayload === '') return close(session);
  if (!HEX.test(tx ?? '')) throw new Refusal(403, 'invalid_nonce');
  const person = await call('/v1/session/recover', { recoveryPayload, nonce: nonceOf(tx), origin: ORIGIN });
  if (![person.uid, person.sid].every(isId) || !Number.isInteger(person.authTime)) throw new Refusal(502, 'accounts_error');
  const before = await live(session);
  let outcome = 'created';
  if (before?.person.uid === person.uid) outcome = before.person.sid === person.sid ? 'already' : 'resumed';
  else if (before) {
    const { active } = await call('/v1/session/status', { sid: before.person.sid }).catch(() => ({ active: true }));
    if (active !== false) throw new Refusal(409, 'other_account');
  }
  const now = Date.now();
  if (before && isDeepStrictEqual(before.person, person)) {
    Object.assign(sessions.get(before.id), { seenAt: now, checkedAt: now }); // other tabs are using it: it keeps its id
    return { status: 204, outcome };
  }
  if (endedSignIns.has(person.sid)) throw new Refusal(410, 'payload_gone'); // it ended while we were asking
  const secret = randomBytes(32).toString('hex');
  for (const [id, { endsAt }] of sessions) if (endsAt <= now) sessions.delete(id);
  sessions.set(sha256(secret, 'hex'), { person, endsAt: now + 24 * HOURS, seenAt: now, checkedAt: now });
  if (before) sessions.delete(before.id);
  return { status: 204, outcome, headers: { 'Set-Cookie': cookie('session', secret, 'Lax') } };
}

/** Without asking the accounts server, which would say the same, later. */
function close(secret) {
  const id = HEX.test(secret ?? '') ? sha256(secret, 'hex') : '';
  const before = sessions.get(id);
  sessions.delete(id);
  const isOver = before === undefined || Date.now() >= endOf(before);
  const headers = secret === undefined ? {} : { 'Set-Cookie': cookie('session', '', 'Lax', '; Max-Age=0') };
  throw new Refusal(401, 'login_required', { outcome: isOver ? 'none' : 'closed', headers });
}

function start(to) {
  if (!mayReturn(to)) throw new Refusal(400, 'invalid_request');
  const next = encodeURIComponent(`${ORIGIN}/sso/return`);
  const remembered = cookie('to', encodeURIComponent(to), 'Lax', '; Max-Age=3600');
  return { status: 303, headers: { Location: `${ACCOUNTS}/signin?next=${next}`, 'Set-Cookie': remembered } };
}

function home({ to = '' }) {
  let page = '/';
  try { page = decodeURIComponent(to); } catch { /* the first page will do */ }
  const headers = { Location: ORIGIN + (mayReturn(page) ? page : '/'), 'Set-Cookie': cookie('to', '', 'Lax', '; Max-Age=0') };
  return { status: 303, headers };
}

const endedSignIns = new Remembered();
const fetchKeys = async () => {
  const set = await call('/oauth/jwks');
  if (!Array.isArray(set.keys)) throw new Refusal(502, 'accounts_error');
  return set.keys;
};
const readLogoutToken = logoutTokens({ issuer: ACCOUNTS, clientId: CLIENT_ID, fetchKeys });

/** From the accounts server, which is known by its signature alone: a sign-in has ended over there. */
async function logOut(request) {
  try {
    const { text, isForm } = await bodyOf(request);
    const tokens = isForm ? new URLSearchParams(text).getAll('logout_token') : [];
    if (tokens.length !== 1) throw new BadToken();
    const { sid, sub } = await readLogoutToken(tokens[0]);
    if (sid !== undefined) endedSignIns.add(sid, Date.now() + MINUTES);
    for (const [id, { person }] of sessions) if (sid === undefined ? person.uid === sub : person.sid === sid) sessions.delete(id);
    return { status: 200 };
  } catch (error) {
    // Whatever is wrong with the request is 400. Another status says: not now, try again.
    const isTheirs = error instanceof BadToken || [413, 415].includes(error.status);
    if (!isTheirs && !(error instanceof Refusal)) throw error;
    throw new Refusal(isTheirs ? 400 : error.status, isTheirs ? 'invalid_request' : error.message, { outcome: '', headers: error.headers });
  }
}

async function route(request) {
  const { pathname, searchParams } = new URL(request.url, ORIGIN);
  switch (`${request.method} ${pathname}`) {
    case 'GET /sso': return show(cookiesOf(request), request.headers['sec-fetch-site']);
    case 'POST /sso': return receive(request);
    case 'GET /sso/start': return start(searchParams.get('to') ?? '/');
    case 'GET /sso/return': return home(cookiesOf(request));
    case 'POST /sso/backchannel-logout': return logOut(request);
    // The application itself begins here.
    case 'GET /': return { status: 200, body: { person: (await live(cookiesOf(request).session))?.person ?? null } };
    default: throw new Refusal(404, 'not_found');
  }
}

const server = createServer(async (request, response) => {
  const answer = await route(request).catch((error) => error instanceof Refusal
    ? { ...error, headers: error.headers, body: { error: error.message } }
    : { status: 500, outcome: 'none', body: { error: 'server_error' } });
  const { status, outcome, headers = {}, body } = answer;
  response.writeHead(status, {
    'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers,
    ...(outcome ? { 'X-Vestibule-Outcome': outcome } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}),
  });
  response.end(body && JSON.stringify(body));
});
server.requestTimeout = 10 * SECONDS;
server.listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { server.close(); server.closeAllConnections(); });
