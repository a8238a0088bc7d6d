/** An accounts server as a public client of one origin sees it: tokens, userinfo, flows. It counts what it is asked. */
import { createHash } from 'node:crypto';

import { ACCOUNTS, reply } from './fakes.js';

const b64 = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const idToken = (/** @type {object} */ claims) => `${b64({ alg: 'ES256' })}.${b64(claims)}.c2ln`;
export const sha256 = (/** @type {string} */ text, /** @type {'hex' | 'base64url'} */ form) => createHash('sha256').update(text).digest(form);
const oops = (/** @type {string} */ error, text = 'No.', status = 400) => reply(status, { error, error_description: text });

/** @param {string} [person] who is signed in in this browser, if anybody */
export function accountsServer(person = 'alice') {
  /** @type {Map<string, any>} */
  const codes = new Map();
  /** @type {Map<string, { sub: string, refresh: string, kind?: string }>} */
  const access = new Map();
  let made = 0;

  const server = {
    person, now: () => Date.now(), lifetime: 600,
    /** @type {[string, URLSearchParams][]} */
    asked: [],
    /** @type {Map<string, any>} */
    flows: new Map(),
    /** @type {Record<string, (fields: URLSearchParams, init: any) => any>} answers instead of its own */
    instead: {},
    /** Changes an answer of the token endpoint. */
    forge: (/** @type {any} */ body) => body,
    count: (/** @type {string} */ path, kind = '') => server.asked.filter(([asked, fields]) => asked === path && (kind === '' || fields.get('grant_type') === kind)).length,
    /** What /oauth/authorize would answer. @param {URLSearchParams} request @returns {Record<string, string>} */
    authorize(request) {
      const state = request.get('state') ?? '';
      if (server.person === '') return { error: 'login_required', state, iss: ACCOUNTS };
      const code = `code-${++made}`;
      codes.set(code, { request, sub: server.person });
      return { code, state, iss: ACCOUNTS };
    },
    /** Signs out: every token dies. */
    signOut() {
      server.person = '';
      access.clear();
    },
    tokens: access,
    /** @param {string} sub @param {string} [nonce] @param {string} [scope] */
    issue(sub, nonce, scope = 'openid profile notes') {
      const [token, refresh] = [`access-${++made}`, `refresh-${made}`];
      access.set(token, { sub, refresh });
      const seconds = Math.floor(Date.now() / 1_000);
      const id = idToken({ iss: ACCOUNTS, aud: 'notes-widget', sub, exp: seconds + 600, ...(nonce === undefined ? {} : { nonce }) });
      return { access_token: token, token_type: 'Bearer', expires_in: server.lifetime, scope, refresh_token: refresh, id_token: id };
    },
    /** @param {string} url @param {any} init @returns {Promise<Response>} */
    async fetch(url, init) {
      await null;
      init.signal?.throwIfAborted();
      const path = url.slice(ACCOUNTS.length);
      const fields = new URLSearchParams(init.body);
      server.asked.push([path, fields]);
      const instead = server.instead[path];
      if (instead) {
        const answer = await instead(fields, init);
        if (answer !== undefined) return answer;
      }
      if (path === '/oauth/token') return token(fields);
      if (path === '/oauth/userinfo') return userinfo(fields.get('access_token') ?? '');
      if (path === '/oauth/revoke') return revoke(fields.get('token') ?? '');
      if (path === '/flow') return flow(fields);
      if (path === '/flow/outcome') return outcome(fields);
      return reply(404, { error: 'not_found' });
    },
  };

  /** @param {URLSearchParams} fields */
  function token(fields) {
    const kind = fields.get('grant_type');
    if (kind === 'authorization_code') {
      const found = codes.get(fields.get('code') ?? '');
      codes.delete(fields.get('code') ?? '');
      const fits = found && found.request.get('redirect_uri') === fields.get('redirect_uri')
        && found.request.get('code_challenge') === sha256(fields.get('code_verifier') ?? '', 'base64url');
      return fits ? reply(200, server.forge(server.issue(found.sub, found.request.get('nonce')))) : oops('invalid_grant');
    }
    if (kind === 'refresh_token') {
      const old = [...access].find(([, { refresh }]) => refresh === fields.get('refresh_token'));
      if (!old) return oops('invalid_grant');
      access.delete(old[0]);
      return reply(200, server.forge(server.issue(old[1].sub)));
    }
    const parent = access.get(fields.get('subject_token') ?? '');
    if (!parent) return oops('invalid_request');
    if (fields.get('audience') === 'elsewhere') return oops('invalid_target', 'The client cannot aim this token there.');
    return reply(200, { access_token: `narrowed-${++made}`, expires_in: 300, scope: fields.get('scope') });
  }
  /** @param {string} presented */
  function userinfo(presented) {
    const found = access.get(presented);
    return found ? reply(200, { sub: found.sub, name: found.sub.toUpperCase() }) : oops('invalid_token', '', 401);
  }
  /** @param {string} given */
  function revoke(given) {
    for (const [token, { refresh }] of access) if (given === token || given === refresh) access.delete(token);
    return reply(200);
  }
  /** @param {URLSearchParams} fields */
  function flow(fields) {
    const id = sha256(fields.get('waiting_secret') ?? '', 'hex');
    server.flows.set(id, { fields, outcome: { state: 'pending' }, waiting: new Set() });
    return reply(201, { flow: id, flow_uri: `${ACCOUNTS}/flow/${id}`, number: '42', expires_in: 900 });
  }
  /** @param {URLSearchParams} fields */
  async function outcome(fields) {
    const found = server.flows.get(sha256(fields.get('waiting_secret') ?? '', 'hex'));
    if (!found) return oops('not_found', '', 404);
    if (found.outcome.state === 'pending') await new Promise((resolve) => { found.waiting.add(resolve); });
    return reply(200, found.outcome);
  }
  return Object.assign(server, {
    /** The person has answered in the other window. @param {object} [outcome] */
    finish(outcome) {
      const found = [...server.flows.values()].at(-1);
      found.outcome = outcome ?? { state: 'completed', response: server.authorize(found.fields) };
      for (const wake of found.waiting) wake();
      return found;
    },
  });
}
