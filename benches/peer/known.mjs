/**
 * What the peer and its session have in common: two clients, and the paths, which are those of the server that it is
 * compared with.
 *
 * @module
 */

export const SHOP = {
  client_id: 'shop',
  client_secret: 'shop-secret-of-the-bench-0123456789abcdef0123456789',
  redirect_uri: 'http://shop.vestibule.localhost:8003/oidc/callback',
  scope: 'openid profile email',
};

/** Only asks what tokens are worth. */
export const PAY = {
  client_id: 'pay',
  client_secret: 'pay-secret-of-the-bench-0123456789abcdef0123456789',
};

export const PATHS = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
};

/** @param {{ client_id: string, client_secret: string }} client */
export const basic = ({ client_id: id, client_secret: secret }) => (
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
);
