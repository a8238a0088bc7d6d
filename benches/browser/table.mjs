/**
 * The table.
 *
 * @module
 */

/** @param {import('./loads.mjs').Load[]} loads @param {number} share */
function percentile(loads, share) {
  const times = loads.map(({ ms }) => ms).sort((a, b) => a - b);
  return times[Math.ceil(times.length * share) - 1] ?? NaN;
}

/** How many loads did not come by the rung of the row, if any. @param {import('./loads.mjs').Load[]} loads */
function strays(loads) {
  const count = loads.filter(({ asMeant }) => !asMeant).length;
  return count > 0 ? ` (${count} of ${loads.length} came by another rung)` : '';
}

/** @param {number} ms */
const inMs = (ms) => `${Math.abs(ms) < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;

/** @param {import('./counts.mjs').Count} count */
const inWords = ({ asked, bytes }) => (asked.length === 0 ? 'none' : `${asked.length}: ${bytes.toLocaleString('en')} bytes`);

/**
 * @param {import('./rows.mjs').Row[]} rows
 * @param {Map<string, import('./loads.mjs').Load[]>} measured
 * @param {Map<string, { first: import('./counts.mjs').Count, later: import('./counts.mjs').Count }>} counted
 */
export function tableOf(rows, measured, counted) {
  const loads = (/** @type {string} */ id) => measured.get(id) ?? [];
  const median = (/** @type {string} */ id) => percentile(loads(id), 0.5);
  const lines = rows.map(({ id, name, at, empty, again }) => {
    const above = empty || again ? '' : inMs(median(id) - median(`empty-${at}`));
    const { first, later } = counted.get(id) ?? {};
    return [
      name + strays(loads(id)), inMs(median(id)), inMs(percentile(loads(id), 0.9)), above,
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
