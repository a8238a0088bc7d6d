// @ts-check
// What a token is good for, shown to people. The token itself is never shown.

/** @typedef {{ scope: string[], audience: string[], narrowed_by: string[] }} Facts */

/**
 * Fills in the `data-fact` parts of an element.
 * @param {Element} place
 * @param {Facts | null} facts null when the site may not know
 */
export function showFacts(place, facts) {
  for (const name of /** @type {const} */ (['scope', 'audience', 'narrowed_by'])) {
    const part = place.querySelector(`[data-fact="${name}"]`);
    const values = facts?.[name];
    if (part) part.textContent = values ? values.join(', ') || 'nobody' : 'not told';
  }
}
