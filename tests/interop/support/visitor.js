/**
 * A browser without a window: it keeps cookies, goes where it is sent, and fills in the forms of the accounts
 * server. It stops where it is sent elsewhere.
 *
 * @module
 */
import assert from 'node:assert/strict';

/**
 * Where a visitor has arrived. `form` is the one form of a page.
 * @typedef {{ action: string, fields: Record<string, string> }} Form
 * @typedef {{ url: URL, status: number, body: string, form: Form | undefined }} Page
 * @typedef {Awaited<ReturnType<typeof newVisitor>>} Visitor
 */

/** @type {Record<string, string>} */
const ENTITIES = {
  '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&#x27;': "'", '&#x2F;': '/',
};

/** As many redirects as browsers follow. */
const REDIRECTS = 20;

/** @param {string} text */
const plain = (text) => text.replace(/&#?\w+;/g, (entity) => ENTITIES[entity] ?? entity);

/** @param {string} tag @param {string} name */
const attribute = (tag, name) => plain(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

/** @param {string} html @returns {Form | undefined} */
function formOf(html) {
  const [form] = /<form\s[^>]*method="post"[\s\S]*?<\/form>/.exec(html) ?? [];
  if (form === undefined) return undefined;
  const hidden = [...form.matchAll(/<input\s[^>]*type="hidden"[^>]*>/g)].map(([tag]) => tag);
  const fields = Object.fromEntries(hidden.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')]));
  return { action: attribute(form, 'action'), fields };
}

/** @param {import('./server.js').Server} server */
export function newVisitor(server) {
  /** @type {Map<string, string>} */
  const cookies = new Map();

  /** @param {Response} answer */
  const keep = (answer) => {
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /; *max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
  };

  /** @param {URL} address @param {RequestInit} [how] @returns {Promise<Page>} */
  const visit = async (address, how = {}, left = REDIRECTS) => {
    if (address.origin !== server.issuer) return { url: address, status: 0, body: '', form: undefined };
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await server.fetch(address, {
      ...how,
      redirect: 'manual',
      headers: { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site', cookie, ...how.headers },
    });
    keep(answer);
    const body = await answer.text();
    const location = answer.headers.get('location');
    if (location === null) return { url: address, status: answer.status, body, form: formOf(body) };
    assert.equal(answer.status, 303, `${address.pathname} redirects as after a form`);
    assert.ok(left > 0, `${address.pathname} redirects for ever, now to ${location}`);
    return visit(new URL(location, address), {}, left - 1);
  };

  return {
    /** Goes somewhere, and on to wherever that leads. @param {URL | string} address */
    open: (address) => visit(new URL(address)),
    /**
     * Sends the form of a page.
     * @param {Page} page
     * @param {Record<string, string>} fields
     */
    submit({ url, status, body, form }, fields) {
      assert.ok(form, `a form is at ${url.pathname}, which answered ${status}: ${body.slice(0, 2_000)}`);
      return visit(new URL(form.action, url), {
        method: 'POST',
        body: new URLSearchParams({ ...form.fields, ...fields }),
        headers: { 'sec-fetch-site': 'same-origin', origin: server.issuer },
      });
    },
    /** Fills in the sign-in page. @param {Page} page @param {import('./server.js').Person} person */
    signIn(page, { username, password }) {
      assert.equal(page.url.pathname, '/signin');
      return this.submit(page, { login: username, password });
    },
  };
}
