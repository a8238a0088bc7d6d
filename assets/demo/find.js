// @ts-check
// Parts of a page.

/**
 * The element, which the template has.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function find(selector, type, within = document) {
  const element = within.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`${selector} is missing`);
  return element;
}

/**
 * Shows the parts that are for one state, and hides those for the others.
 * @param {string} name of the attribute
 * @param {string} state
 */
export function showState(name, state) {
  for (const part of document.querySelectorAll(`[${name}]`)) {
    part.toggleAttribute('hidden', !part.getAttribute(name)?.split(' ').includes(state));
  }
}
