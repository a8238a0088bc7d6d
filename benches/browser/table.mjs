/**
 * The table.
 *
 * @module
 */

/** @param {number[]} times @param {number} share */
const percentile = (times, share) => times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? NaN;

/** @param {number} ms */
const inMs = (ms) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;

/** @param {import('./counts.mjs').Count} count */
const inWords = ({ asked, bytes }) => (asked.length === 0 ? 'none' : `${asked.length}: ${bytes.toLocaleString('en')} bytes`);

/**
 * @param {import('./rows.mjs').Row[]} rows
 * @param {Map<string, number[]>} times
 * @param {Map<string, { first: import('./counts.mjs').Count, later: import('./counts.mjs').Count }>} counted
 */
export function tableOf(rows, times, counted) {
  const median = (/** @type {string} */ id) => percentile(times.get(id) ?? [], 0.5);
  const lines = rows.map(({ id, name, at, empty, again }) => {
    const above = empty || again ? '' : inMs(median(id) - median(`empty-${at}`));
    const { first, later } = counted.get(id) ?? {};
    return [
      name, inMs(median(id)), inMs(percentile(times.get(id) ?? [], 0.9)), above,
      ...[first, later].map((count) => (count ? inWords(count) : '')),
    ];
  });
  const heads = ['from the start of the load to the verdict', 'p50', 'p90', 'p50 above the empty page', 'requests to accounts, first load', 'later loads'];
  return [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/**
 * What the requests of each row's first load were.
 * @param {import('./rows.mjs').Row[]} rows
 * @param {Map<string, { first: import('./counts.mjs').Count }>} counted
 */
export const requestsOf = (rows, counted) => rows.map(({ id, name }) => (
  `- ${name}: ${counted.get(id)?.first.asked.join(', ') || 'none'}`
)).join('\n');
