import assert from 'node:assert/strict';
import { test } from 'node:test';

import { outcomeOf } from '../../../sdk/src/flow.js';
import { ACCOUNTS, clock, fire, reply, turns } from './support/fakes.js';
import { brief, browser, tried, until, widget } from './support/widget.js';

/** A widget that nobody is signed in to, with all that a click needs made ready. @param {Parameters<typeof widget>[0]} [made] */
async function offered(made = {}) {
  const page = widget(made);
  const person = page.server.person;
  page.server.person = '';
  assert.equal((await page.session.resume()).hasSession, false);
  page.server.person = person;
  // The digests of what is made ready come before these.
  for (let turn = 0; turn < 6; turn += 1) await crypto.subtle.digest('SHA-256', new Uint8Array(1));
  await turns();
  return page;
}

/** The widget once its click was heard of by the server. @param {Parameters<typeof widget>[0]} [made] @param {object} [how] */
async function waiting(made, how) {
  const page = await offered(made);
  const verdict = page.session.signIn(how);
  await until(() => page.sockets.made.length);
  const [popup] = page.popups;
  const prove = (/** @type {object} */ more = {}) => fire(page.window, 'message', {
    source: popup, origin: ACCOUNTS, data: { type: 'vestibule.flow.prove', flow: page.flowOf(popup) }, ...more,
  });
  return { ...page, verdict, popup, socket: page.sockets.last(), prove };
}
const completed = (/** @type {any} */ page) => ({ data: JSON.stringify(page.finish()) });

test('the window opens in the click itself, at an address that the server has not heard of yet', async () => {
  const page = await offered();
  void page.session.signIn();
  const [{ arguments: [url, target, features] }] = page.window.open.mock.calls;
  assert.match(url, new RegExp(`^${ACCOUNTS}/flow/[0-9a-f]{64}$`));
  assert.deepEqual([target, features], ['_blank', 'popup,width=480,height=680']);
  assert.equal(page.server.count('/flow'), 0);
  await until(() => page.server.count('/flow'));
  const [, fields] = page.server.asked.at(-1) ?? [];
  assert.deepEqual([...fields?.keys() ?? []], ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'waiting_secret']);
  assert.equal(page.flowOf(page.popups[0]), page.sha256(fields?.get('waiting_secret') ?? '', 'hex'));
  assert.equal(fields?.get('redirect_uri'), `${ACCOUNTS}/callback/notes-widget/popup`);
  page.session.close();
});

test('a click that comes before anything is ready opens an empty window, and fills it', async () => {
  const page = widget();
  void page.session.signIn();
  assert.equal(page.popups[0].url, 'about:blank');
  await until(() => page.popups[0].location.replace.mock.callCount());
  const [address] = page.popups[0].location.replace.mock.calls[0].arguments;
  await until(() => page.server.flows.size);
  assert.equal(address, `${ACCOUNTS}/flow/${[...page.server.flows.keys()][0]}`);
  page.session.close();
});

test('the outcome comes by the socket', async () => {
  const page = await waiting();
  assert.equal(page.socket.url, `${ACCOUNTS.replace('http', 'ws')}/flow/events`);
  page.socket.onopen();
  const [{ waiting_secret: secret }] = page.socket.sent;
  assert.equal(page.sha256(secret, 'hex'), page.flowOf(page.popup));
  page.socket.onmessage({ data: '{"state":"pending"}' });
  page.server.finish();
  page.socket.onmessage({ data: JSON.stringify([...page.server.flows.values()][0].outcome) });
  const verdict = await page.verdict;
  assert.deepEqual([brief(verdict), tried(verdict)], [[true, 'created', 'resumed'], ['popup:resumed']]);
  assert.deepEqual(page.changes().map(brief), [[true, 'created', 'resumed']]);
  assert.equal((await page.session.profile())?.sub, 'alice');
  assert.equal(page.popup.close.mock.callCount(), 1);
  assert.equal(page.server.count('/flow/outcome'), 0);
  assert.equal(page.socket.closed, true);
});

test('the secret is proved to the window that was opened, at accounts, for this flow, and to nobody else', async () => {
  const page = await waiting();
  const flow = page.flowOf(page.popup);
  const other = { postMessage() { throw new Error('told somebody else'); } };
  const foreign = /** @type {object[]} */ ([
    { origin: `${ACCOUNTS}.evil.test` }, { origin: 'null' }, { source: null }, { source: page.window }, { source: other },
    { data: null }, { data: 'vestibule.flow.prove' }, { data: { type: 'vestibule.flow.prove' } }, { data: { type: 'vestibule.flow.prove', flow: 'f'.repeat(64) } }, { data: { flow } },
    { data: [{ type: 'vestibule.flow.prove', flow }] },
  ]);
  for (const more of foreign) page.prove(more);
  assert.equal(page.popup.postMessage.mock.callCount(), 0);
  page.prove();
  const [message, origin] = page.popup.postMessage.mock.calls[0].arguments;
  assert.equal(origin, ACCOUNTS);
  assert.deepEqual(Object.keys(message), ['type', 'flow', 'waitingSecret']);
  assert.deepEqual([message.type, message.flow, page.sha256(message.waitingSecret, 'hex')], ['vestibule.flow.proof', flow, flow]);
  page.session.cancel();
  page.prove();
  assert.equal(page.popup.postMessage.mock.callCount(), 1, 'what was canceled is proved no more');
});

test('while it waits, everybody can see the number and where its page is', async () => {
  const page = await waiting();
  await until(() => page.progress().at(-1).flow);
  const flow = { number: '42', uri: `${ACCOUNTS}/flow/${page.flowOf(page.popup)}` };
  assert.deepEqual(page.progress().at(-1), { rung: 'popup', state: 'waiting', flow });
  const meanwhile = await page.session.resume();
  assert.deepEqual([meanwhile.hasSession, meanwhile.flow], [false, flow]);
  page.session.close();
});

for (const [name, fail] of /** @type {[string, (page: any) => void][]} */ ([
  ['is closed', ({ socket }) => socket.onclose()],
  ['is closed after it said something', ({ socket }) => { socket.onmessage({ data: '{"state":"pending"}' }); socket.onclose(); }],
])) {
  test(`when the socket ${name}, the long poll takes over`, async () => {
    const page = await waiting();
    fail(page);
    await until(() => page.server.count('/flow/outcome'));
    assert.equal(page.server.asked.at(-1)?.[1].get('wait'), '25');
    page.server.finish();
    assert.equal((await page.verdict).outcome, 'created');
    assert.equal(page.server.count('/flow/outcome'), 1);
  });
}

test('a socket that cannot be made is no hindrance', async () => {
  const page = await offered({ prepare: (window) => { window.WebSocket = class { constructor() { throw new DOMException('', 'SecurityError'); } }; } });
  const verdict = page.session.signIn();
  await until(() => page.server.count('/flow/outcome'));
  page.server.finish();
  assert.equal((await verdict).outcome, 'created');
});

test('a socket that says nothing is helped out, and rubbish is nothing', async (t) => {
  const page = await offered();
  const time = clock(t);
  const verdict = page.session.signIn();
  await until(() => page.sockets.made.length);
  for (const data of ['', 'null', '[]', '{}', '{"state":"done"}', '{"state":"completed"}', '{"state":"completed","response":[]}']) page.sockets.last().onmessage({ data });
  await time.pass(2_999);
  assert.equal(page.server.count('/flow/outcome'), 0);
  await time.pass(1);
  assert.equal(page.server.count('/flow/outcome'), 1);
  page.server.finish();
  assert.equal((await verdict).outcome, 'created');
});

test('polls that fail are repeated, less and less often', async (t) => {
  const page = await offered();
  const bad = /** @type {(() => any)[]} */ ([() => { throw new TypeError('Failed to fetch'); }, () => reply(502), () => reply(429, { error: 'rate_limited' }), () => reply(200, 'rubbish')]);
  page.server.instead['/flow/outcome'] = () => bad.shift()?.();
  const time = clock(t);
  const verdict = page.session.signIn();
  await until(() => page.sockets.made.length);
  page.sockets.last().onclose();
  for (const [ms, polls] of /** @type {[number, number][]} */ ([[1_000, 1], [2_000, 2], [4_000, 3], [8_000, 4]])) {
    await until(() => page.server.count('/flow/outcome') === polls);
    await time.pass(ms - 1);
    assert.equal(page.server.count('/flow/outcome'), polls);
    await time.pass(1);
  }
  await until(() => page.server.count('/flow/outcome') === 5);
  page.server.finish();
  assert.equal((await verdict).outcome, 'created');
});

const ends = /** @type {[object, string, RegExp][]} */ ([
  [{ error: 'access_denied', error_description: 'Another number was chosen.' }, 'canceled', /Another number/],
  [{ error: 'expired_token' }, 'timed_out', /expired/], [{ error: 'not_found' }, 'server_error', /not_found/],
]);
for (const [outcome, reason, hint] of ends) {
  test(`a flow that ends with ${JSON.stringify(outcome)} is ${reason}`, async () => {
    const page = await waiting();
    page.socket.onmessage({ data: JSON.stringify(outcome) });
    const verdict = await page.verdict;
    assert.deepEqual(brief(verdict), [false, 'none', reason]);
    assert.match(verdict.hint ?? '', hint);
    assert.equal(page.popup.close.mock.callCount(), 1);
  });
}

const answers = /** @type {[object, string][]} */ ([
  [{ error: 'access_denied' }, 'canceled'], [{ error: 'invalid_scope' }, 'misconfigured'], [{ state: 'other' }, 'server_error'], [{ iss: 'https://evil.test' }, 'misconfigured'], [{ code: 'used' }, 'login_required'],
]);
for (const [change, reason] of answers) {
  test(`an answer with ${JSON.stringify(change)} is ${reason}`, async () => {
    const page = await waiting();
    const { fields } = [...page.server.flows.values()][0];
    const response = { ...page.server.authorize(fields), ...change };
    page.socket.onmessage({ data: JSON.stringify({ state: 'completed', response }) });
    assert.deepEqual(brief(await page.verdict), [false, 'none', reason]);
  });
}

for (const [status, body, reason] of /** @type {[number, object, string][]} */ ([
  [400, { error: 'invalid_scope', error_description: 'No.' }, 'misconfigured'], [403, {}, 'server_error'], [429, { error: 'rate_limited' }, 'rate_limited'], [500, {}, 'server_error'],
  [201, { flow: 'f'.repeat(64), number: '42' }, 'server_error'], [201, {}, 'server_error'],
])) {
  test(`a flow that the server answers with ${status} ${JSON.stringify(body)} is ${reason}, and its window is closed`, async () => {
    const page = await offered();
    page.server.instead['/flow'] = () => reply(status, body);
    const verdict = await page.session.signIn();
    assert.deepEqual(brief(verdict), [false, 'none', reason]);
    assert.equal(page.popups[0].close.mock.callCount(), 1);
    page.session.close();
  });
}

test('a window that looks closed ends nothing: it may have been cut off', async (t) => {
  const page = await offered();
  const time = clock(t);
  const verdict = page.session.signIn();
  await until(() => page.progress().at(-1).flow);
  page.popups[0].closed = true;
  await time.pass(500);
  assert.equal(page.progress().at(-1).still, undefined, 'it may be on its way');
  await time.pass(500);
  assert.equal(page.progress().at(-1).still, true);
  await time.pass(600_000);
  assert.equal(page.progress().filter((/** @type {any} */ { still }) => still).length, 1);
  page.server.finish();
  page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][0].outcome) });
  assert.equal((await verdict).outcome, 'created');
});

test('the flow ends with its time at the latest', async (t) => {
  const page = await offered();
  const time = clock(t);
  const verdict = page.session.signIn();
  await until(() => page.progress().at(-1).flow);
  page.server.instead['/flow/outcome'] = () => new Promise(() => {});
  await time.pass(905_000);
  assert.equal((await verdict).reason, 'timed_out');
  assert.equal(page.sockets.last().closed, true);
});

for (const [event, members] of /** @type {[string, Record<string, unknown>][]} */ ([['online', {}], ['pageshow', { persisted: true }]])) {
  test(`after ${event} it listens anew`, async () => {
    const page = await waiting();
    fire(page.window, event, members);
    assert.equal(page.sockets.made.length, 2);
    assert.equal(page.socket.closed, true);
    page.socket.onclose();
    await turns();
    assert.equal(page.server.count('/flow/outcome'), 0, 'the old socket is nobody\'s business');
    page.server.finish();
    page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][0].outcome) });
    assert.equal((await page.verdict).outcome, 'created');
    fire(page.window, event, members);
    assert.equal(page.sockets.made.length, 2);
  });
}

test('cancel ends it at once, closes the window, and what comes later changes nothing', async () => {
  const page = await waiting();
  page.session.cancel();
  assert.deepEqual(brief(await page.verdict), [false, 'none', 'canceled']);
  await until(() => page.popup.close.mock.callCount());
  page.socket.onmessage(completed(page.server));
  await turns();
  assert.deepEqual(page.changes(), []);
  assert.equal(page.server.count('/oauth/token'), 0);
  page.session.cancel();
});

for (const [name, act, again] of /** @type {[string, (page: any) => unknown, number][]} */ ([
  ['cancel', ({ session }) => session.cancel(), 0], ['a sign-out', ({ session }) => session.signOut(), 0], ['close', ({ session }) => session.close(), 0],
  ['another sign-in', (page) => { page.popups[0].closed = true; page.server.instead = {}; void page.session.signIn(); }, 1],
])) {
  test(`${name} while the server has not answered yet ends the flow, whatever it answers`, async () => {
    const page = await offered({ panel: true, options: { timeout: 100 } });
    let answer = () => {};
    page.server.instead['/flow'] = () => new Promise((resolve) => { answer = () => resolve(undefined); });
    const verdict = page.session.signIn();
    await until(() => page.server.count('/flow'));
    act(page);
    assert.equal((await verdict).hasSession, false);
    await until(() => page.sockets.made.length === again);
    const shown = JSON.stringify(page.shown.at(-1));
    answer();
    await until(() => page.popups[0].close.mock.callCount());
    await turns();
    assert.deepEqual([page.sockets.made.length, JSON.stringify(page.shown.at(-1))], [again, shown]);
    page.session.close();
  });
}

test('cancel before anything is ready asks nobody, and closes the empty window', async () => {
  const page = widget();
  const verdict = page.session.signIn();
  page.session.cancel();
  assert.equal((await verdict).reason, 'canceled');
  await until(() => page.popups[0].close.mock.callCount());
  assert.deepEqual([page.popups[0].location.replace.mock.callCount(), page.server.count('/flow')], [0, 0]);
});

test('what is over already is not listened for', async () => {
  const { window, sockets } = widget();
  await assert.rejects(outcomeOf(window, ACCOUNTS, /** @type {any} */ ({}), 'secret', 900, AbortSignal.abort()), { reason: 'canceled' });
  assert.equal(sockets.made.length, 0);
});

for (const [name, act] of /** @type {[string, (page: any) => unknown][]} */ ([['cancel', ({ session }) => session.cancel()], ['a sign-out', ({ session }) => session.signOut()]])) {
  test(`tokens that come after ${name} are not taken, and given back`, async () => {
    const page = await waiting();
    let answer = () => {};
    page.server.instead['/oauth/token'] = () => new Promise((resolve) => { answer = () => resolve(undefined); });
    page.socket.onmessage({ data: JSON.stringify(page.server.finish().outcome) });
    await until(() => page.server.count('/oauth/token'));
    const ended = act(page);
    assert.equal((await page.verdict).reason, 'canceled');
    answer();
    await ended;
    await until(() => page.server.count('/oauth/revoke') === 2);
    await turns();
    assert.deepEqual([page.server.tokens.size, await page.session.accessToken(), page.changes()], [0, null, []]);
    page.session.close();
  });
}

test('a second click brings the open window forward; when it looks closed, it starts anew', async () => {
  const page = await waiting();
  assert.equal(page.session.signIn(), page.verdict);
  assert.deepEqual([page.popup.focus.mock.callCount(), page.popups.length], [1, 1]);
  page.popup.closed = true;
  const again = page.session.signIn();
  assert.equal((await page.verdict).reason, 'canceled');
  await until(() => page.server.flows.size === 2);
  page.server.finish();
  page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][1].outcome) });
  assert.equal((await again).outcome, 'created');
});

test('a sign-in in another tab ends the waiting here', async () => {
  const at = browser();
  const page = await waiting({ at });
  await widget({ at }).session.resume();
  assert.deepEqual(brief(await page.verdict), [true, 'resumed', 'resumed']);
  assert.equal(page.popup.close.mock.callCount(), 1);
});

test('a silent attempt that ends during the sign-in does not take it back', async () => {
  /** @type {() => void} */
  let answer = () => {};
  const page = widget({ bridge: ({ id }, frame) => { answer = () => frame.say({ type: 'vestibule.session.response', id, hasSession: false, error: 'login_required' }); } });
  const silent = page.session.resume();
  await until(() => page.questions.length);
  const verdict = page.session.signIn();
  await until(() => page.sockets.made.length);
  page.server.finish();
  page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][0].outcome) });
  assert.equal((await verdict).outcome, 'created');
  answer();
  assert.equal((await silent).hasSession, true);
  assert.deepEqual(page.changes().map(brief), [[true, 'created', 'resumed']]);
});

const blocked = (/** @type {any} */ window) => { window.open = () => null; };

test('a window that is blocked leaves a link, where somebody shows it, and goes on waiting', async () => {
  const page = await offered({ prepare: blocked, framed: true });
  const verdict = page.session.signIn();
  await until(() => page.progress().at(-1).flow);
  const { blocked: is, flow } = page.progress().at(-1);
  assert.deepEqual([is, flow.uri], [true, `${ACCOUNTS}/flow/${[...page.server.flows.keys()][0]}`]);
  page.server.finish();
  page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][0].outcome) });
  assert.equal((await verdict).outcome, 'created');
});

test('a window that is blocked is told at once where nobody would show a link', async () => {
  const page = widget({ prepare: blocked, framed: true, listen: false });
  const verdict = await page.session.signIn({ how: 'popup' });
  assert.deepEqual(brief(verdict), [false, 'none', 'popup_blocked']);
  assert.match(verdict.hint ?? '', /allow-popups/);
  assert.equal(page.server.count('/flow'), 0);
});

test('at the top, a window that is blocked falls to the redirect, unless a popup was asked for', async () => {
  const page = await offered({ prepare: blocked });
  void page.session.signIn();
  await until(() => page.window.location.assign.mock.callCount());
  assert.match(page.window.location.assign.mock.calls[0].arguments[0], new RegExp(`^${ACCOUNTS}/oauth/authorize\\?`));
  const asked = await offered({ prepare: blocked });
  void asked.session.signIn({ how: 'popup' });
  await until(() => asked.server.flows.size);
  assert.equal(asked.window.location.assign.mock.callCount(), 0);
  page.session.close();
  asked.session.close();
});

test('within a frame the redirect is a tab of its own, which confirms the number', async () => {
  const page = await offered({ framed: true });
  const verdict = page.session.signIn({ how: 'redirect' });
  const [url, target, features] = page.window.open.mock.calls[0].arguments;
  assert.deepEqual([target, features, url.startsWith(`${ACCOUNTS}/flow/`)], ['_blank', undefined, true]);
  assert.equal(page.popups[0].opener, null, 'it is told nothing by this page');
  await until(() => page.progress().at(-1).flow);
  assert.deepEqual(page.progress().at(-1).rung, 'redirect');
  page.server.finish();
  page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][0].outcome) });
  assert.deepEqual(tried(await verdict), ['redirect:resumed']);
  assert.equal(page.window.location.assign.mock.callCount(), 0);
});

const WAITING = { kind: 'waiting', number: undefined, href: undefined, still: undefined, blocked: undefined };

test('the panel says that the window is blocked, and shows the link', async () => {
  const page = await offered({ panel: true, framed: true, prepare: blocked });
  page.act('popup');
  assert.deepEqual(page.shown.at(-1), { ...WAITING, blocked: true });
  await until(() => page.progress().at(-1).flow);
  assert.deepEqual(page.shown.at(-1), { ...WAITING, number: '42', href: `${ACCOUNTS}/flow/${[...page.server.flows.keys()][0]}`, blocked: true });
  page.act('cancel');
  assert.deepEqual(page.shown.at(-1), { kind: 'offer', reason: 'canceled', actions: ['popup', 'redirect'] });
});

test('a silent attempt while the person is at it takes the number out of nobody\'s sight', async () => {
  const page = await offered({ panel: true, framed: true });
  page.act('popup');
  await until(() => page.progress().at(-1).flow);
  const { length } = page.progress();
  page.server.person = '';
  page.frames[0].say({ type: 'vestibule.session.changed', hasSession: true });
  await until(() => page.progress().length > length + 1);
  await turns();
  assert.equal(page.shown.at(-1).number, '42');
  page.session.close();
});

test('the panel says what there is to do, shows the number, and gives the content back', async () => {
  const page = await offered({ panel: true, framed: true });
  assert.deepEqual(page.shown.at(-1), { kind: 'offer', reason: 'login_required', actions: ['popup', 'redirect'] });
  page.act('popup');
  assert.deepEqual(page.shown.at(-1), WAITING, 'which can be canceled from the beginning');
  await until(() => page.progress().at(-1).flow);
  assert.deepEqual(page.shown.at(-1), { ...WAITING, number: '42', href: page.popups[0].url });
  page.act('cancel');
  assert.deepEqual(page.shown.at(-1), { kind: 'offer', reason: 'canceled', actions: ['popup', 'redirect'] });
  page.act('popup');
  await until(() => page.server.flows.size === 2 && page.progress().at(-1).flow);
  page.server.finish();
  page.sockets.last().onmessage({ data: JSON.stringify([...page.server.flows.values()][1].outcome) });
  await until(() => page.shown.at(-1) === 'hidden');
  assert.equal((await page.session.profile())?.sub, 'alice');
});

test('the panel offers another attempt where that may help, which forgets what was learnt', async () => {
  const page = widget({ panel: true, options: { rungs: ['cache', 'prompt_none'] }, });
  page.server.instead['/oauth/token'] = () => reply(503);
  await page.session.resume();
  assert.deepEqual(page.shown.at(-1), { kind: 'offer', reason: 'server_error', actions: ['retry'] });
  page.server.instead = {};
  page.act('retry');
  await until(() => page.changes().length);
  assert.equal(page.shown.at(-1), 'hidden');
});

const blockedBridge = (/** @type {any} */ grant) => (/** @type {any} */ { type, id }, /** @type {any} */ frame) => {
  if (type === 'vestibule.session.request') {
    frame.say({ type: 'vestibule.session.response', id, ...(grant.given ? { hasSession: true, recoveryPayload: null } : { hasSession: false, recoveryPayload: null, error: 'storage_blocked', storageAccess: grant.access }) });
  } else if (type === 'vestibule.storage.offer') grant.offers.push({ id, frame });
  else grant.withdrawn.push(id);
};

test('storage access: the bridge\'s own button is offered in the panel, and what it gives is used', async () => {
  const grant = { access: 'prompt', given: false, offers: /** @type {any[]} */ ([]), withdrawn: [] };
  const page = widget({ panel: true, framed: true, bridge: blockedBridge(grant) });
  assert.equal((await page.session.resume()).reason, 'storage_blocked');
  assert.deepEqual(page.shown.at(-1).actions, ['storage_access', 'popup', 'redirect']);
  const { element } = page.frames[0];
  await until(() => grant.offers.length);
  assert.deepEqual([element.hidden, element.style.display, element.style.height], [false, 'block', '44px']);
  grant.given = true;
  for (const wrong of [{ id: 'other', granted: true }, { id: grant.offers[0].id, granted: 'yes' }]) page.frames[0].say({ type: 'vestibule.storage.result', ...wrong });
  page.frames[0].say({ type: 'vestibule.storage.result', id: grant.offers[0].id, granted: true });
  await until(() => page.changes().length);
  assert.deepEqual(tried(page.changes()[0]), ['cache:login_required', 'bridge:already', 'prompt_none:resumed']);
  assert.deepEqual([page.shown.at(-1), element.hidden, element.style.display], ['hidden', true, 'none']);
  assert.equal(page.of('bridge'), 1, 'the frame was never loaded again');
});

for (const [name, error] of /** @type {[string, string][]} */ ([['refused', 'NotAllowedError'], ['not to be had', 'unsupported']])) {
  test(`storage access that is ${name} is not offered again in this tab`, async () => {
    const grant = { access: 'prompt', given: false, offers: /** @type {any[]} */ ([]), withdrawn: [] };
    const page = widget({ panel: true, framed: true, bridge: blockedBridge(grant) });
    await page.session.resume();
    await until(() => grant.offers.length);
    page.frames[0].say({ type: 'vestibule.storage.result', id: grant.offers[0].id, granted: false, error });
    await until(() => !page.shown.at(-1).actions.includes('storage_access'));
    assert.deepEqual(page.shown.at(-1), { kind: 'offer', reason: 'storage_blocked', actions: ['popup', 'redirect'] });
    await page.session.resume();
    assert.equal(grant.offers.length, 1);
    assert.equal(page.tab['vestibule.notes-widget.learnt'], '{"storage_access":"storage_blocked"}');
  });
}

test('storage access that is given and of no use is not asked for again', async () => {
  const grant = { access: 'prompt', given: false, offers: /** @type {any[]} */ ([]), withdrawn: [] };
  const page = widget({ panel: true, framed: true, bridge: blockedBridge(grant) });
  await page.session.resume();
  await until(() => grant.offers.length);
  page.frames[0].say({ type: 'vestibule.storage.result', id: grant.offers[0].id, granted: true });
  await until(() => !page.shown.at(-1).actions?.includes('storage_access') && page.shown.at(-1).kind === 'offer');
  assert.equal(grant.offers.length, 1);
});

test('another way chosen, the bridge\'s button is taken away', async () => {
  const grant = { access: 'prompt', given: false, offers: /** @type {any[]} */ ([]), withdrawn: /** @type {any[]} */ ([]) };
  const page = widget({ panel: true, framed: true, bridge: blockedBridge(grant) });
  await page.session.resume();
  await until(() => grant.offers.length);
  page.act('popup');
  await until(() => grant.withdrawn.length);
  assert.equal(grant.withdrawn[0], grant.offers[0].id);
  assert.equal(page.frames[0].element.hidden, true);
  page.session.close();
});

for (const access of ['denied', 'unsupported', undefined]) {
  test(`storage access that is ${access} is not offered`, async () => {
    const page = widget({ panel: true, framed: true, bridge: blockedBridge({ access, given: false, offers: [], withdrawn: [] }) });
    await page.session.resume();
    assert.deepEqual(page.shown.at(-1).actions, ['popup', 'redirect']);
  });
}

test('storage access that a page asks for settles, whatever the browser does', async (t) => {
  const grant = { access: 'prompt', given: false, offers: /** @type {any[]} */ ([]), withdrawn: /** @type {any[]} */ ([]) };
  const page = widget({ panel: true, framed: true, bridge: blockedBridge(grant) });
  await page.session.resume();
  await until(() => grant.offers.length);
  const time = clock(t);
  const verdict = page.session.signIn({ how: 'storage_access' });
  await time.pass(899_999);
  assert.equal(await Promise.race([verdict, 'waiting']), 'waiting');
  const id = grant.offers.at(-1).id;
  await time.pass(1);
  assert.equal((await verdict).reason, 'timed_out');
  assert.ok(grant.withdrawn.includes(id), 'its button goes');
  // What the panel offers by itself stays.
  const standing = grant.offers.at(-1).id;
  assert.notEqual(standing, id);
  await time.pass(1_800_000);
  assert.equal(grant.offers.at(-1).id, standing);
});

test('storage access without a panel is misconfigured', async () => {
  const page = widget({ framed: true });
  assert.equal((await page.session.signIn({ how: 'storage_access' })).reason, 'misconfigured');
});

test('a panel that does not come leaves the rest as it is', async () => {
  for (const load of [async () => { throw new Error('blocked'); }, () => new Promise(() => {})]) {
    const page = widget({ panel: true, loadPanel: load, options: { timeout: 500 } });
    assert.equal((await page.session.resume()).outcome, 'created');
  }
});
