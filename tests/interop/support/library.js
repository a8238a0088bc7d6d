/**
 * openid-client, set up as its readme says.
 *
 * @module
 */
import assert from 'node:assert/strict';
import * as library from 'openid-client';
import { alice } from './clients.js';

/**
 * @typedef {import('./server.js').Server} Server
 * @typedef {import('./visitor.js').Visitor} Visitor
 * @typedef {import('openid-client').Configuration} Configuration
 */

/** @param {import('./server.js').Client} client */
function authentication({ client_secret: secret, token_endpoint_auth_method: method }) {
  if (method === 'none') return library.None();
  return method === 'client_secret_post' ? library.ClientSecretPost(secret) : library.ClientSecretBasic(secret);
}

/**
 * A configured client. Signatures are checked even where the library would rely on TLS.
 * @param {Server} server
 * @param {import('./server.js').Client} registered
 * @param {{ with?: import('openid-client').ClientAuth, algorithm?: 'oidc' | 'oauth2' }} [differently]
 */
export function configure(server, { client_id: id }, { with: auth, algorithm = 'oidc' } = {}) {
  const client = server.client(id);
  const { id_token_signed_response_alg: alg } = client;
  const metadata = alg === undefined ? {} : { id_token_signed_response_alg: alg };
  return library.discovery(new URL(server.issuer), id, metadata, auth ?? authentication(client), {
    algorithm,
    execute: [library.allowInsecureRequests, library.enableNonRepudiationChecks],
    [library.customFetch]: (address, how) => server.fetch(address, /** @type {RequestInit} */ (how)),
  });
}

/** @param {Server} server @param {import('./server.js').Client} client */
export const redirectUri = (server, { client_id: id }) => server.client(id).redirect_uris?.[0] ?? '';

/**
 * Makes an authorization request with everything that can be checked afterwards.
 * @param {Configuration} config
 * @param {Record<string, string>} parameters
 */
export async function ask(config, parameters) {
  const pkceCodeVerifier = library.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [library.randomState(), library.randomNonce()];
  const url = library.buildAuthorizationUrl(config, {
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await library.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}

/**
 * Goes through the sign-in as alice, up to where the client has its answer.
 * @param {Server} server
 * @param {Visitor} visitor
 * @param {Configuration} config
 * @param {Record<string, string>} [parameters]
 */
export async function authorize(server, visitor, config, parameters = {}) {
  const { client_id: id } = config.clientMetadata();
  const redirect = redirectUri(server, { client_id: id });
  const scope = server.client(id).scope ?? '';
  const { url, checks } = await ask(config, { redirect_uri: redirect, scope, ...parameters });
  let page = await visitor.open(url);
  if (page.url.pathname === '/signin') page = await visitor.signIn(page, alice);
  if (page.url.pathname === '/consent') page = await visitor.submit(page, { answer: 'allow' });
  return { page, answer: page.url, checks };
}

/**
 * Signs alice in, and swaps the code.
 * @param {Server} server
 * @param {Visitor} visitor
 * @param {Configuration} config
 * @param {Record<string, string>} [parameters]
 */
export async function signIn(server, visitor, config, parameters) {
  const { answer, checks } = await authorize(server, visitor, config, parameters);
  return library.authorizationCodeGrant(config, answer, checks);
}

/** The claims of the id token. @param {import('openid-client').TokenEndpointResponseHelpers} tokens */
export function claimsOf(tokens) {
  const claims = tokens.claims();
  assert.ok(claims, 'there is an id token');
  return claims;
}

/** A refresh token that must be there. @param {import('openid-client').TokenEndpointResponse} tokens */
export function refreshTokenOf({ refresh_token: token }) {
  assert.ok(token, 'there is a refresh token');
  return token;
}

/** An error in the body of an answer. @param {string} error @param {number} [status] */
export const bodyError = (error, status = 400) => ({ name: 'ResponseBodyError', error, status });

/** An error in a redirect. @param {string} error */
export const redirectError = (error) => ({ name: 'AuthorizationResponseError', error });

/** An error in a WWW-Authenticate header. @param {number} status @param {string} scheme @param {string} [error] */
export const challenge = (status, scheme, error) => (/** @type {any} */ thrown) => {
  assert.equal(thrown.name, 'WWWAuthenticateChallengeError');
  assert.equal(thrown.status, status);
  assert.equal(thrown.cause[0].scheme, scheme);
  assert.equal(thrown.cause[0].parameters.error, error);
  return true;
};
