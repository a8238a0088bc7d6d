/**
 * Tabs and frames of Firefox, with the few acts of a person that the tests need.
 *
 * @module
 */
import { until } from './until.js';

/** @typedef {import('./bidi.js').Bidi} Bidi */
/** @typedef {{ context: string, url: string, children: Node[] | null, originalOpener: string | null }} Node */

/**
 * What is evaluated comes back as JSON: the remote values of the protocol say more than a test wants to know.
 * @param {(...args: any[]) => unknown} work
 * @param {unknown[]} args
 */
const expressionOf = (work, args) => (
  `(async () => JSON.stringify(await (${work})(...${JSON.stringify(args)})) ?? 'null')()`
);

/** @param {any} details */
const failure = ({ text, stackTrace }) => new Error(`${text} ${JSON.stringify(stackTrace?.callFrames?.[0] ?? '')}`);

/**
 * One document's place: a tab, or a frame in it.
 * @param {Bidi} bidi
 * @param {string} context
 */
function placeOf(bidi, context) {
  /** @param {(...args: any[]) => unknown} work @param {unknown[]} args @param {boolean} userActivation */
  const run = async (work, args, userActivation) => {
    const answer = await bidi.send('script.evaluate', {
      expression: expressionOf(work, args), target: { context }, awaitPromise: true, userActivation,
    });
    if (answer.type === 'exception') throw failure(answer.exceptionDetails);
    return JSON.parse(answer.result.value);
  };
  /** @returns {Promise<Node>} */
  const tree = async () => (await bidi.send('browsingContext.getTree', { root: context })).contexts[0];

  return {
    context,
    /**
     * Runs a function in the page, without a gesture of a person, and gives what it returned.
     * @template T
     * @param {(...args: any[]) => T} work
     * @param {...unknown} args
     * @returns {Promise<any>}
     */
    evaluate: (work, ...args) => run(work, args, false),
    /** Where it is now. */
    url: async () => (await tree()).url,
    /** The frames right below it. @returns {Promise<Node[]>} */
    children: async () => (await tree()).children ?? [],
    /**
     * A frame somewhere below, when it has come to an address.
     * @param {string | ((url: string) => boolean)} address
     */
    async frame(address) {
      const wanted = typeof address === 'string' ? (/** @type {string} */ url) => url === address : address;
      /** @param {Node} node @returns {Node | undefined} */
      const find = (node) => (node.children ?? []).flatMap((child) => [child, find(child)])
        .find((child) => child !== undefined && wanted(child.url));
      const found = await until(`a frame at ${address}`, async () => find(await tree()));
      return placeOf(bidi, found.context);
    },
    /**
     * Clicks the middle of an element, as a mouse does.
     * @param {string} selector
     */
    async click(selector) {
      const element = await until(`${selector} to be there`, async () => {
        const { nodes } = await bidi.send('browsingContext.locateNodes', { context, locator: { type: 'css', value: selector } });
        return nodes[0];
      });
      await run((css) => document.querySelector(css)?.scrollIntoView({ block: 'center' }), [selector], false);
      const origin = { type: 'element', element: { sharedId: element.sharedId } };
      await bidi.send('input.performActions', {
        context,
        actions: [{
          type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' },
          actions: [
            { type: 'pointerMove', x: 0, y: 0, origin }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 },
          ],
        }],
      });
    },
  };
}

/** @typedef {ReturnType<typeof placeOf>} Place */

/** @param {Bidi} bidi @param {string} context */
function tabOf(bidi, context) {
  const place = placeOf(bidi, context);
  return {
    ...place,
    /** Loads an address, and waits until it is there. @param {string} url */
    goto: (url) => bidi.send('browsingContext.navigate', { context, url, wait: 'complete' }),
    /** Until the tab shows an address, however it gets there. @param {RegExp} address */
    async arrive(address) {
      let shown = '';
      await until(`${address} to be shown`, async () => {
        shown = await place.evaluate(() => (document.readyState === 'complete' ? window.location.href : '')).catch(() => '');
        return address.test(shown);
      }, () => `it is ${shown}`);
    },
    /** Until it has closed itself. */
    closed: () => until('the window to close itself', async () => {
      const { contexts } = await bidi.send('browsingContext.getTree', { maxDepth: 0 });
      return !contexts.some((/** @type {Node} */ other) => other.context === context);
    }),
    /** Looks at it: windows that close do not hand on the focus where there is no screen. */
    activate: () => bidi.send('browsingContext.activate', { context }),
    /** Closes it, as a person does. */
    close: () => bidi.send('browsingContext.close', { context }),
  };
}

/** @typedef {ReturnType<typeof tabOf>} Tab */

/** @param {Bidi} bidi */
export async function tabsOf(bidi) {
  /** @type {Node[]} */
  const opened = [];
  await bidi.on('browsingContext.contextCreated', (node) => { if (node.parent === null) opened.push(node); });
  const there = async () => /** @type {Node[]} */ ((await bidi.send('browsingContext.getTree')).contexts);
  return {
    /** A new tab. */
    async tab() {
      const { context } = await bidi.send('browsingContext.create', { type: 'tab' });
      return tabOf(bidi, context);
    },
    /** How many windows and tabs there are. */
    count: async () => (await there()).length,
    /** The next window that a page opens, counted from the moment of this call. */
    async nextWindow() {
      const seen = opened.length;
      const { context } = await until('a window', () => opened[seen]);
      return tabOf(bidi, context);
    },
  };
}

/**
 * Signs in at the accounts server, in this tab.
 * @param {Tab} tab
 * @param {string} accounts
 * @param {import('./people.js').Credentials} person
 */
export async function signInFirefox(tab, accounts, person) {
  await tab.goto(`${accounts}/signin`);
  await submitSignIn(tab, person);
  await tab.arrive(new RegExp(`^${accounts}/account$`));
}

/** Fills in and sends the sign-in form that a tab shows. @param {Tab} tab @param {import('./people.js').Credentials} person */
export async function submitSignIn(tab, { username, password }) {
  await tab.evaluate((/** @type {string} */ name, /** @type {string} */ secret) => {
    /** @param {string} selector @param {string} value */
    const fill = (selector, value) => {
      const input = /** @type {HTMLInputElement} */ (document.querySelector(selector));
      input.value = value;
    };
    fill('input[autocomplete~="username"]', name);
    fill('input[type="password"]', secret);
  }, username, password);
  await tab.click('main form button[type="submit"], form button:not([type])');
}
