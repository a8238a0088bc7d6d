/**
 * Signs in at the peer, and prints as JSON what the load needs to ask for everything.
 *
 *   node session.mjs PORT [COUNT]    COUNT browsers, each with an account of its own (1)
 *
 * Some hundreds are fair: for each token the peer goes through all that the same person's grant has given before, so
 * that one browser that is asked thousands of times would cost twice what many do.
 *
 *   { shop, pay            Authorization headers: of the client, and of the resource server that introspects
 *   , authorize            path and query of a silent authorization; every browser may send it again and again
 *   , redirect_uri, code_verifier, scope
 *                          for the code that is in its answer's Location
 *   , paths                of the endpoints
 *   , cookie, access_token, id_token, [refresh_token]
 *                          of the first browser; the cookie is the value of a Cookie header
 *   , sessions }           the same for each browser
 *
 * @module
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { PATHS, PAY, SHOP, basic } from './known.mjs';

const [port, count = '1'] = process.argv.slice(2);
const peer = `http://127.0.0.1:${port}`;
const verifier = 'bench'.repeat(10);
const challenge = createHash('sha256').update(verifier).digest('base64url');

/** @param {Record<string, string>} more */
const authorization = (more) => `${PATHS.authorization}?${new URLSearchParams({
  client_id: SHOP.client_id,
  redirect_uri: SHOP.redirect_uri,
  response_type: 'code',
  scope: SHOP.scope,
  state: 'state-of-the-bench',
  nonce: 'nonce-of-the-bench',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  ...more,
})}`;
const silent = authorization({ prompt: 'none' });

/** @typedef {Map<string, { value: string, path: string }>} Cookies by name */

/** A browser: it goes where it is sent, until that is the client. @param {Cookies} cookies @param {string} path */
async function follow(cookies, path) {
  for (let next = new URL(path, peer); ;) {
    if (next.href.startsWith(SHOP.redirect_uri)) return next;
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie: header(cookies, next.pathname) } });
    const text = await answer.text();
    assert.ok([302, 303].includes(answer.status), `${next} answers ${answer.status}: ${text}`);
    for (const line of answer.headers.getSetCookie()) keep(cookies, line);
    next = new URL(answer.headers.get('location') ?? '', next);
  }
}

/** @param {Cookies} cookies @param {string} line of Set-Cookie */
function keep(cookies, line) {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
  const [, path = '/'] = /; path=([^;]*)/i.exec(line) ?? [];
  if (value) cookies.set(name, { value, path });
  else cookies.delete(name);
}

/** @param {Cookies} cookies */
const header = (cookies, at = '/') => [...cookies]
  .filter(([, { path }]) => at.startsWith(path))
  .map(([name, { value }]) => `${name}=${value}`).join('; ');

/** @param {URL} answer with the code */
async function tokens(answer) {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: answer.searchParams.get('code'),
    redirect_uri: SHOP.redirect_uri,
    code_verifier: verifier,
  });
  const response = await fetch(peer + PATHS.token, {
    method: 'POST', body, headers: { authorization: basic(SHOP) },
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

/** @param {string} who */
async function session(who) {
  const cookies = new Map();
  await follow(cookies, authorization({ login_hint: who }));
  const answer = await follow(cookies, silent);
  assert.ok(answer.searchParams.get('code'), String(answer));
  const { access_token, id_token, refresh_token } = await tokens(answer);
  return { cookie: header(cookies), access_token, id_token, refresh_token };
}

const sessions = [];
for (let number = 0; number < Number(count); number += 1) sessions.push(await session(`alice-${number}`));
console.log(JSON.stringify({
  shop: basic(SHOP),
  pay: basic(PAY),
  authorize: silent,
  redirect_uri: SHOP.redirect_uri,
  code_verifier: verifier,
  scope: SHOP.scope,
  paths: PATHS,
  ...sessions[0],
  sessions,
}));
