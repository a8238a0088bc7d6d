/**
 * Who is registered at the server of these tests, and who has an account.
 *
 * @module
 */

/** @typedef {import('./server.js').Client} Client */

/** @type {import('./server.js').Person} */
export const alice = {
  username: 'alice', email: 'alice@example.org', fullName: 'Alice Sample', password: 'four-harbours-at-dawn',
};

export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** A first-party site with all grant types. @type {Client} */
export const shop = {
  client_id: 'shop',
  scope: 'openid profile email payments',
  redirect_uris: ['https://shop.example.org/callback'],
  post_logout_redirect_uris: ['https://shop.example.org/signed-out'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', EXCHANGE],
  response_modes: ['query', 'form_post'],
  audiences: ['pay', 'https://pay.example.org/api'],
  id_token_signed_response_alg: 'ES256',
  first_party: true,
};

/** Sends its secret in the form. @type {Client} */
export const ledger = {
  client_id: 'ledger',
  scope: 'openid profile email',
  redirect_uris: ['https://ledger.example.org/callback'],
  token_endpoint_auth_method: 'client_secret_post',
  id_token_signed_response_alg: 'RS256',
  first_party: true,
};

/** Its credentials have to be encoded in a Basic header. @type {Client} */
export const diary = {
  client_id: 'diary.v2-beta_1',
  client_secret: 'a secret: with 100% of "everything" + /slashes/ & ~tilde~ = fine?',
  scope: 'openid profile email payments',
  redirect_uris: ['https://diary.example.org/callback'],
  grant_types: ['authorization_code', 'client_credentials'],
  id_token_signed_response_alg: 'EdDSA',
  first_party: true,
};

/** A program on the person's machine, of another organisation. @type {Client} */
export const native = {
  client_id: 'native',
  client_name: 'Pocket',
  scope: 'openid profile',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
};

/** A resource server: it asks what tokens are worth, and nothing else. @type {Client} */
export const pay = { client_id: 'pay', origins: ['https://pay.example.org'], first_party: true };

/** A resource server that nothing is meant for. @type {Client} */
export const stranger = { client_id: 'stranger' };

export const setting = { clients: [shop, ledger, diary, native, pay, stranger], people: [alice] };
