// @ts-check
// Frames of STOMP 1.2 as text: what a page that waits needs of them. One WebSocket message holds one frame, or the
// line feed of a heart-beat.

/** @typedef {{ command: string, headers: Record<string, string>, body: string }} Frame */

/** @type {Record<string, string>} */
const ESCAPES = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' };
/** @type {Record<string, string>} */
const PLAIN = { '\\\\': '\\', '\\n': '\n', '\\r': '\r', '\\c': ':' };

/** CONNECT and CONNECTED are those of STOMP 1.0, which knew no escapes. @param {string} command */
const isPlain = (command) => command === 'CONNECT' || command === 'CONNECTED';

/** @param {string} text */
const escaped = (text) => text.replace(/[\\\n\r:]/g, (character) => ESCAPES[character] ?? '');

/** @param {string} text @returns {string | null} null when a backslash stands before anything else */
function unescaped(text) {
  if (/\\(?![\\nrc])/.test(text.replace(/\\\\/g, ''))) return null;
  return text.replace(/\\[\\nrc]/g, (sequence) => PLAIN[sequence] ?? '');
}

/**
 * A frame as it is sent.
 * @param {string} command
 * @param {Record<string, string>} headers
 * @param {string} [body]
 */
export function write(command, headers, body = '') {
  const escape = isPlain(command) ? (/** @type {string} */ text) => text : escaped;
  const lines = Object.entries(headers).map(([name, value]) => `${escape(name)}:${escape(value)}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

/**
 * A message as it came: a frame, null for a heart-beat, and undefined for what is neither.
 * @param {unknown} message
 * @returns {Frame | null | undefined}
 */
export function read(message) {
  if (typeof message !== 'string') return undefined;
  const text = message.replace(/^[\r\n]+/, '');
  if (text === '') return null;
  const [, head = '', body] = /^([\s\S]*?\n)\r?\n([^\0]*)\0[\r\n]*$/.exec(text) ?? [];
  if (body === undefined) return undefined;
  const [command = '', ...lines] = head.split(/\r?\n/).slice(0, -1);
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of lines) {
    const [name = '', ...rest] = line.split(':');
    const value = rest.join(':');
    const pair = isPlain(command) ? [name, value] : [unescaped(name), unescaped(value)];
    const [key, text] = pair;
    if (rest.length === 0 || key == null || text == null) return undefined;
    // Of a header that comes twice the first counts.
    headers[key] ??= text;
  }
  return { command, headers, body };
}
