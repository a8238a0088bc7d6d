import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { panelTexts } from '../../../sdk/src/panel_words.js';
import { openChromium } from '../support/chromium.js';
import { inspect, takePicture } from '../support/screens.js';
import { startSites } from '../support/sites.js';
import { until } from '../support/until.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../../../sdk/src/panel.js').PanelState} PanelState */

const HOST = 'widget.example.localhost';
const CSP = "default-src 'none'; script-src 'self'; frame-src 'self'; require-trusted-types-for 'script'";
const LINK = 'https://accounts.example.localhost/flow/1';

/** What the page has of the panel. @type {string} */
const MAIN = `
import { createPanel } from '/sdk/panel.js';
const { options, slot } = document.body.dataset;
window.pressed = [];
window.panel = createPanel(window, document.querySelector('#widget'), {
  ...JSON.parse(options), onAction: (action) => window.pressed.push(action + (navigator.userActivation.isActive ? '' : ' without a click')),
});
if (slot) {
  const frame = document.createElement('iframe');
  frame.src = '/frame?in=slot';
  frame.title = 'Session bridge';
  frame.hidden = true;
  frame.style.display = 'none';
  window.panel.frameSlot.append(frame);
}
`;
const FRAME = '<meta name="color-scheme" content="light dark"><main><h1>Frame</h1><button>Let Vestibule know you here</button></main>';

/** @type {import('../support/sites.js').Sites} */
let sites;
/** @type {import('../support/chromium.js').Chromium} */
let chromium;
/** How often each frame was loaded. @type {Record<string, number>} */
const loads = {};
before(async () => {
  sites = await startSites();
  for (const name of ['panel', 'panel_words', 'panel_style']) {
    sites.script(HOST, `/sdk/${name}.js`, await readFile(new URL(`../../../sdk/src/${name}.js`, import.meta.url), 'utf8'));
  }
  sites.script(HOST, '/main.js', MAIN);
  sites.handle(HOST, '/frame', ({ path }) => {
    loads[path] = (loads[path] ?? 0) + 1;
    return { headers: { 'content-type': 'text/html' }, body: `<!doctype html><html lang="en"><title>Frame</title>${FRAME}` };
  });
  chromium = await openChromium();
});
after(async () => {
  await chromium?.close();
  await sites?.close();
});

/**
 * Opens a page with a widget and a panel for it.
 * @param {{ options?: object, slot?: boolean, content?: string, style?: string, html?: string }} [page]
 */
async function widget({ options = { name: 'Notes' }, slot = false, content = '<p>Content</p>', style = '', html = '' } = {}) {
  const data = JSON.stringify(options).replaceAll('&', '&amp;').replaceAll("'", '&#39;');
  sites.handle(HOST, '/page.css', () => ({ headers: { 'content-type': 'text/css' }, body: style }));
  const address = sites.handle(HOST, '/', () => ({
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': style ? `${CSP}; style-src 'self'` : CSP },
    body: `<!doctype html><html lang="en" ${html}><title>Widget</title><meta name="color-scheme" content="light dark">
      <meta name="viewport" content="width=device-width"><link rel="stylesheet" ${style ? 'href="/page.css"' : ''}>
      <body data-options='${data}' ${slot ? 'data-slot="on"' : ''}><main><h1>A page</h1><button id="first">Before</button>
      <div id="widget">${content}</div></main><script type="module" src="/main.js"></script>`,
  }));
  const tab = await chromium.tab();
  /** @type {string[]} */
  const complaints = [];
  tab.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  tab.on('pageerror', (error) => complaints.push(String(error)));
  await tab.goto(address);
  return { tab, complaints };
}

/** @param {Page} tab @param {PanelState} state */
const show = (tab, state) => tab.evaluate((given) => /** @type {any} */ (window).panel.show(given), state);
/** @param {Page} tab */
const hide = (tab) => tab.evaluate(() => /** @type {any} */ (window).panel.hide());
/** @param {Page} tab @returns {Promise<string[]>} */
const pressed = (tab) => tab.evaluate(() => /** @type {any} */ (window).pressed);
/** What has the focus: its text in the panel, else its id. @param {Page} tab */
const focus = (tab) => tab.evaluate(() => {
  const element = document.activeElement;
  return element?.shadowRoot?.activeElement?.textContent ?? element?.id;
});

/** @type {PanelState} */
const OFFER = { kind: 'offer', reason: 'login_required', actions: ['popup', 'redirect'] };
/** @type {PanelState} */
const WAITING = { kind: 'waiting', number: '42', href: LINK };
const SCOPE = 'openid profile notes https://api.example.org/orders#read';
const LONG = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Gazette & “Advertiser”';
const HEBREW = {
  lang: 'he', offer: 'התחברו כדי להשתמש ב-{name}', login_required: 'עדיין לא התחברתם.', asks: '{name} מבקש',
  'scope:profile': 'לראות את שמכם', popup: 'התחברות', redirect: 'התחברות ללא חלון קופץ',
};

/** @type {Record<string, { state: PanelState, options?: object, slot?: boolean, html?: string }>} */
const LOOKS = {
  login: { state: OFFER, options: { name: 'Notes', scope: SCOPE } },
  nameless: { state: { ...OFFER, reason: 'storage_blocked' }, options: {} },
  long: { state: { ...OFFER, reason: 'consent_required' }, options: { name: LONG, scope: SCOPE } },
  'storage-access': { state: { kind: 'offer', reason: 'storage_blocked', actions: ['storage_access', 'popup'] }, slot: true },
  'popup-blocked': { state: { ...WAITING, blocked: true } },
  trouble: { state: { kind: 'offer', reason: 'network', actions: ['retry'] } },
  waiting: { state: WAITING },
  still: { state: { ...WAITING, still: true } },
  busy: { state: { kind: 'busy' } },
  rtl: { state: OFFER, options: { name: 'Notes', scope: 'profile', texts: HEBREW }, html: 'dir="rtl"' },
};

test('the panel looks well, on a page with the strictest policy, and has nothing that axe-core finds', async (t) => {
  for (const [name, { state, ...page }] of Object.entries(LOOKS)) {
    await t.test(name, async () => {
      const { tab, complaints } = await widget(page);
      await show(tab, state);
      assert.deepEqual(await inspect(tab, `panel-${name}`, [280, 900]), []);
      assert.deepEqual(complaints, []);
      await tab.close();
    });
  }
});

test('in the colours that a person has forced, all that can be pressed has an edge', async () => {
  const { tab, complaints } = await widget({ options: { name: 'Notes', scope: SCOPE } });
  await tab.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await show(tab, { ...WAITING, blocked: true });
  await takePicture(tab, 'panel-forced-colours');
  const edges = await tab.evaluate(() => (
    [...document.querySelector('vestibule-panel')?.shadowRoot?.querySelectorAll('.button') ?? []].map((element) => {
      const { color, borderTopColor, borderTopWidth, backgroundColor } = getComputedStyle(element);
      return [borderTopWidth, borderTopColor !== backgroundColor, color !== backgroundColor];
    })
  ));
  assert.deepEqual(edges, Array.from({ length: 2 }, () => ['1px', true, true]));
  assert.deepEqual(complaints, []);
  await tab.close();
});

test('the mark glows while something is waited for, unless the person wants nothing to move', async () => {
  const { tab } = await widget();
  const glows = () => tab.evaluate(() => document.querySelector('vestibule-panel')?.shadowRoot?.getAnimations().length);
  for (const [reducedMotion, count] of /** @type {const} */ ([['no-preference', 1], ['reduce', 0]])) {
    await tab.emulateMedia({ reducedMotion });
    await show(tab, WAITING);
    assert.equal(await glows(), count);
    await show(tab, OFFER);
    assert.equal(await glows(), 0);
  }
  await tab.close();
});

test('at twice the size of text nothing is cut off or beside the page', async () => {
  const { tab } = await widget({ options: { name: LONG, scope: SCOPE } });
  await tab.setViewportSize({ width: 320, height: 640 });
  await tab.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('vestibule-panel::part(panel) { font-size: 2em }');
    document.adoptedStyleSheets.push(sheet);
  });
  await show(tab, OFFER);
  assert.deepEqual(await tab.evaluate(() => {
    const panel = document.querySelector('vestibule-panel')?.shadowRoot?.querySelector('.panel');
    const parts = [...panel?.querySelectorAll('*') ?? []].filter((part) => part.scrollWidth > part.clientWidth && part.clientWidth > 0);
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth - clientWidth, parts.map(({ className }) => className)];
  }), [0, []]);
  assert.equal(await tab.evaluate(() => {
    const title = document.querySelector('vestibule-panel')?.shadowRoot?.querySelector('h2');
    return title && getComputedStyle(title).fontSize;
  }), '40px');
  await tab.close();
});

const CONTENT = 'Notes: <em>none</em> yet <iframe src="/frame?in=content" title="Map"></iframe><label>Text <input id="text"></label>';

test('what was in the container is hidden meanwhile, and given back as it was', async () => {
  const { tab, complaints } = await widget({ content: CONTENT, style: '#widget > * { display: block !important }' });
  const frame = await until('the frame in the content', () => tab.frame({ url: /in=content/ }));
  await frame.evaluate(() => { document.body.dataset.mark = 'still here'; });
  await tab.fill('#text', 'half a sen');
  await tab.evaluate(() => {
    const children = [...document.querySelectorAll('#widget > *')];
    Object.assign(window, { children, inner: document.querySelector('#widget')?.innerHTML });
  });
  for (let round = 0; round < 3; round += 1) {
    await show(tab, OFFER);
    assert.equal(await tab.locator('#widget > :not(vestibule-panel):visible').count(), 0);
    assert.equal((await tab.locator('#widget').innerText()).includes('yet'), false);
    await tab.evaluate(() => document.querySelector('#widget')?.append(document.createElement('hr')));
    assert.equal(await tab.locator('hr').isVisible(), false, 'what is added meanwhile is hidden, too');
    await tab.evaluate(() => document.querySelector('hr')?.remove());
    await hide(tab);
    assert.equal(await tab.locator('#widget > :not(vestibule-panel):visible').count(), 3);
  }
  assert.equal(await tab.inputValue('#text'), 'half a sen');
  assert.equal(await frame.evaluate(() => document.body.dataset.mark), 'still here');
  assert.equal(loads['/frame?in=content'], 1);
  assert.deepEqual(await tab.evaluate(() => {
    const { children, inner } = /** @type {any} */ (window);
    const now = [...document.querySelectorAll('#widget > *')];
    return [now.every((child, index) => child === children[index]), document.querySelector('#widget')?.innerHTML === inner];
  }), [true, true]);
  assert.deepEqual(complaints, []);
  await tab.close();
});

test('text that the page has written meanwhile is kept', async () => {
  const { tab } = await widget({ content: 'Nobody is here' });
  await show(tab, OFFER);
  await tab.evaluate(() => { /** @type {Text} */ (document.querySelector('#widget')?.firstChild).data = 'Bob is here'; });
  await hide(tab);
  assert.match(await tab.locator('#widget').innerText(), /^Bob is here$/);
  await tab.close();
});

test('the frame in the slot never loads again, and is seen only when storage access is offered', async () => {
  const { tab } = await widget({ slot: true });
  const frame = await until('the frame in the slot', () => tab.frame({ url: /in=slot/ }));
  await frame.evaluate(() => { document.body.dataset.mark = 'still here'; });
  const before = loads['/frame?in=slot'];
  const element = tab.locator('vestibule-panel iframe');
  for (let round = 0; round < 2; round += 1) {
    for (const state of [/** @type {PanelState} */ ({ kind: 'busy' }), OFFER, WAITING]) {
      await show(tab, state);
      assert.equal(await element.isVisible(), false);
    }
    await show(tab, { kind: 'offer', reason: 'storage_blocked', actions: ['storage_access', 'popup'] });
    const { width = 0, height } = await element.boundingBox() ?? {};
    const button = await tab.getByRole('button', { name: 'Sign in' }).boundingBox();
    assert.deepEqual([width, height], [button?.width, 44]);
    await hide(tab);
    assert.equal(await element.isVisible(), false);
  }
  assert.equal(await frame.evaluate(() => document.body.dataset.mark), 'still here');
  assert.equal(loads['/frame?in=slot'], before);
  await tab.close();
});

test('all of it works by keyboard, and the action is called within the press', async () => {
  const { tab } = await widget();
  await show(tab, { kind: 'offer', reason: 'timed_out', actions: ['popup', 'redirect', 'retry'] });
  await tab.focus('#first');
  for (const [label, key] of [['Sign in', 'Enter'], ['Sign in without a pop-up', 'Space'], ['Try again', 'Enter']]) {
    await tab.keyboard.press('Tab');
    assert.equal(await focus(tab), label);
    await tab.keyboard.press(`${key}`);
  }
  assert.deepEqual(await pressed(tab), ['popup', 'redirect', 'retry']);
  await show(tab, WAITING);
  await tab.getByRole('button', { name: 'Cancel' }).press('Enter');
  assert.equal((await pressed(tab)).at(-1), 'cancel');
  await tab.close();
});

test('the link opens a window of its own, which holds nothing of this one', async () => {
  const { tab } = await widget();
  const href = `${sites.origin(HOST)}/frame?in=window`;
  await show(tab, { kind: 'waiting', href, blocked: true });
  const opened = tab.waitForEvent('popup');
  await tab.getByRole('link', { name: 'Open the window' }).click();
  const popup = await opened;
  await popup.getByRole('heading', { name: 'Frame' }).waitFor();
  assert.equal(await popup.evaluate(() => window.opener), null);
  assert.deepEqual(await pressed(tab), []);
  await popup.close();
  await tab.close();
});

test('the focus is never lost, and never taken from where it is', async () => {
  const { tab } = await widget({ content: '<input id="text">' });
  await tab.focus('#first');
  await show(tab, OFFER);
  assert.equal(await focus(tab), 'first', 'the person is somewhere else on the page');

  await tab.getByRole('button', { name: 'Sign in', exact: true }).focus();
  await show(tab, WAITING);
  assert.equal(await focus(tab), 'Go on in the other window', 'the button is gone');
  await tab.getByRole('button', { name: 'Cancel' }).focus();
  await show(tab, { ...WAITING, still: true });
  assert.equal(await focus(tab), 'Cancel', 'the button is still there');
  await hide(tab);
  assert.equal(await focus(tab), 'widget', 'what comes next begins here');
  await tab.keyboard.press('Tab');
  assert.equal(await focus(tab), 'text');

  await show(tab, OFFER);
  assert.equal(await focus(tab), 'Sign in to use Notes', 'the field is hidden');
  await hide(tab);
  assert.equal(await focus(tab), 'text');
  await tab.close();
});

test('what changes is announced without taking the focus', async () => {
  const { tab } = await widget();
  await show(tab, WAITING);
  assert.match(await tab.getByRole('status').innerText(), /goes on here[^]*number, choose\s+42/);
  await show(tab, { kind: 'offer', reason: 'canceled', actions: ['popup'] });
  assert.equal(await tab.getByRole('status').innerText(), panelTexts.canceled);
  await tab.close();
});

test('a name is a name, whatever is in it', async () => {
  const { tab } = await widget({ options: { name: '<b>$& {name}</b>' } });
  await show(tab, OFFER);
  assert.equal(await tab.getByRole('heading', { level: 2 }).innerText(), 'Sign in to use <b>$& {name}</b>');
  await tab.close();
});

test('the page themes it by properties and parts, and cannot break it by chance', async () => {
  const style = `
    * { color: red; font: 5px serif; text-transform: uppercase; line-height: 4; visibility: visible }
    #widget > * { display: inline; position: static }
    vestibule-panel { --vestibule-accent: #a00; --vestibule-radius: 0 }
    vestibule-panel::part(title) { letter-spacing: 3px }`;
  const { tab } = await widget({ style });
  await tab.emulateMedia({ colorScheme: 'light' });
  /** @param {string} selector @param {string} property */
  const styleOf = (selector, property) => tab.evaluate(([part, name]) => {
    const element = document.querySelector('vestibule-panel')?.shadowRoot?.querySelector(`${part}`);
    return element && getComputedStyle(element).getPropertyValue(`${name}`);
  }, [selector, property]);
  assert.equal(await tab.locator('vestibule-panel').isVisible(), false, 'hidden until it is shown');
  await show(tab, OFFER);
  assert.equal(await styleOf('.message', 'font-size'), '16px');
  assert.equal(await styleOf('.message', 'text-transform'), 'none');
  assert.equal(await styleOf('.message', 'color'), 'rgb(31, 36, 38)');
  assert.equal(await styleOf('.panel', 'border-radius'), '0px');
  assert.equal(await styleOf('.title', 'letter-spacing'), '3px');
  assert.match(await styleOf('.primary', 'background-color') ?? '', /^oklch\(0\.4[0-9]+ 0\.[0-9]+ 2[0-9.]+\)$/);
  await tab.close();
});

test('after it was thrown out of the container it comes back', async () => {
  const { tab } = await widget();
  await tab.evaluate(() => document.querySelector('#widget')?.replaceChildren('new'));
  await show(tab, OFFER);
  assert.equal(await tab.getByRole('button', { name: 'Sign in', exact: true }).isVisible(), true);
  await hide(tab);
  assert.equal(await tab.locator('#widget').innerText(), 'new');
  await tab.close();
});

