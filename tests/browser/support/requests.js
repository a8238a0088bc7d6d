/**
 * What a tab sends.
 *
 * @module
 */

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {{ path: string, status: number | undefined, origin: string | undefined, site: string | undefined }} Sent
 */

/**
 * Collects the forms a tab sends from now on: each with its path, the status of its answer, and the headers that
 * say where it came from. It looks at every navigation by POST.
 * @param {Page} page
 */
export function sentForms(page) {
  /** @type {Promise<Sent>[]} */
  const forms = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST' || !request.isNavigationRequest()) return;
    forms.push((async () => {
      const response = await request.response();
      const headers = await request.allHeaders();
      return {
        path: new URL(request.url()).pathname,
        status: response?.status(),
        origin: headers.origin,
        site: headers['sec-fetch-site'],
      };
    })());
  });
  return () => Promise.all(forms);
}

/**
 * Collects the status of every answer to a POST to an address from now on, also of those that the browser keeps
 * from the page.
 * @param {Page} page
 * @param {string} address
 */
export async function statusesOf(page, address) {
  const session = await page.context().newCDPSession(page);
  /** @type {Set<string>} */
  const wanted = new Set();
  /** @type {Map<string, number>} The browser tells the two halves of a request in any order. */
  const answered = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.method === 'POST' && request.url === address) wanted.add(requestId);
  });
  session.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => answered.set(requestId, statusCode));
  await session.send('Network.enable');
  return () => [...wanted].flatMap((id) => answered.get(id) ?? []);
}
