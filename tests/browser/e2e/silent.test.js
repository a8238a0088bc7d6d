// prompt=none never shows anything: not in a frame, not in a window; each of its errors comes back to the client.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { places, startLadder } from '../support/ladder.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import { until } from '../support/until.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
after(() => ladder?.stop());

/** @param {string} clientId @param {Record<string, string>} more */
const request = (clientId, more = {}) => `${ladder.accounts}/oauth/authorize?${new URLSearchParams({
  client_id: clientId, redirect_uri: `${ladder.accounts}/callback/${clientId}/passive`, response_type: 'code', prompt: 'none',
  scope: 'openid', state: 'the-state', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256', ...more,
})}`;

/**
 * Asks in a hidden frame; gives what the page heard, and every document that accounts sent into the frame.
 * @param {import('playwright-core').Page} tab
 * @param {string} address
 */
async function askSilently(tab, address) {
  /** @type {Promise<{ path: string, status: number, body: string }>[]} */
  const documents = [];
  tab.on('response', (response) => {
    if (response.frame() === tab.mainFrame() || response.request().resourceType() !== 'document') return;
    const { pathname: path } = new URL(response.url());
    documents.push(response.text().catch(() => '').then((body) => ({ path, status: response.status(), body })));
  });
  const page = ladder.sites.page(places.near, '/asks', `<script>heard = [];
    onmessage = ({ data, origin }) => heard.push({ data, origin });</script>
    <iframe hidden src="${address.replaceAll('&', '&amp;')}"></iframe>`);
  await tab.goto(page);
  const [{ data, origin }] = await until('an answer', async () => {
    const heard = await tab.evaluate(() => /** @type {any} */ (window).heard);
    return heard.length > 0 ? heard : undefined;
  });
  assert.equal(origin, ladder.accounts);
  assert.equal(data.type, 'authorization_response');
  assert.deepEqual([data.response.state, data.response.iss], ['the-state', ladder.accounts]);
  return { response: data.response, documents: await Promise.all(documents) };
}

/** @type {[string, string, boolean, Record<string, string>, string | undefined][]} */
const CASES = [
  ['nobody is signed in', 'pad', false, {}, 'login_required'],
  ['the sign-in is too old', 'pad', true, { max_age: '0' }, 'login_required'],
  ['somebody else is meant', 'pad', true, { id_token_hint: 'x' }, 'invalid_request'],
  ['the person has not agreed', 'guest', true, {}, 'consent_required'],
  ['something else is asked for besides', 'pad', true, { prompt: 'none login' }, 'invalid_request'],
  ['all is well', 'pad', true, {}, undefined],
];
for (const [name, clientId, signedIn, more, error] of CASES) {
  test(`${name}: ${error ?? 'a code'}, and nothing to see`, async (t) => {
    const tab = await (await browserFor(t)).tab();
    if (signedIn) await signIn(tab, ladder.accounts, bob);
    const { response, documents } = await askSilently(tab, request(clientId, more));
    assert.equal(response.error, error);
    assert.equal(typeof response.code, error === undefined ? 'string' : 'undefined');
    const [redirect, callback] = documents;
    assert.deepEqual(documents.map(({ path }) => path), ['/oauth/authorize', `/callback/${clientId}/passive`]);
    assert.equal(redirect?.status, 303);
    assert.doesNotMatch(callback?.body ?? '', /<(form|input|button|a)\b/);
  });
}

test('a redirect URI that is not registered gets nothing, not even in a frame', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, ladder.accounts, bob);
  const stolen = ladder.sites.page(places.evil, '/stolen', '');
  await tab.goto(request('pad', { redirect_uri: stolen }));
  assert.equal(new URL(tab.url()).origin, ladder.accounts);
});

for (const [name, host, heard] of /** @type {[string, string, number][]} */ ([
  ['a stranger', places.evil, 0], ['an embedder', places.wiki, 0], ['an origin of the client', places.near, 1],
])) {
  test(`the hosted passive page tells ${name} ${heard ? 'what came' : 'nothing'}`, async (t) => {
    const tab = await (await browserFor(t)).tab();
    const asked = tab.waitForEvent('response', (response) => response.url().includes('/callback/pad/passive'));
    await tab.goto(ladder.sites.page(host, '/frames', `<script>heard = []; onmessage = ({ data }) => heard.push(data);</script>
      <iframe src="${ladder.accounts}/callback/pad/passive?code=c&amp;state=s" onload="loaded = true"></iframe>`));
    await asked;
    await tab.waitForFunction(() => 'loaded' in window);
    if (heard) await tab.waitForFunction(() => /** @type {any} */ (window).heard.length > 0);
    const { silence } = await import('../support/until.js');
    await silence();
    assert.equal(await tab.evaluate(() => /** @type {any} */ (window).heard.length), heard);
  });
}
