/**
 * What a tab sends.
 *
 * @module
 */

/** @typedef {import('playwright-core').Page} Page */

/**
 * Collects the forms a tab sends from now on: each with its path, the status of its answer, and the headers that
 * say where it came from. It looks at every navigation by POST.
 * @param {Page} page
 */
export function sentForms(page) {
  /** @type {Promise<{ path: string, status: number | undefined, origin: string | undefined, site: string | undefined }>[]} */
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
