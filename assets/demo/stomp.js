// @ts-check
// Waits for the answer to an operation: STOMP 1.2 over a WebSocket of the accounts server.
//
// What is heard here proves nothing. It is a reason to ask one's own server, which asks the accounts server.

import { read, write } from './stomp_frame.js';

/**
 * `lost`: the connection broke, and is tried again after so many milliseconds. `ended` and `refused` are the last.
 * @typedef {{ name: 'connecting' } | { name: 'waiting' } | { name: 'lost', retryMs: number }
 *   | { name: 'ended', authResult: string } | { name: 'refused', why: string }} State
 * @typedef {{ accounts: string, waitSecret: string, webSocketId: string }} Operation
 * @typedef {{ page?: string, Socket?: typeof WebSocket, random?: () => number }} World
 */

/** How long it may take to connect and register, in milliseconds. */
export const PATIENCE_MS = 10_000;
/** The server sends something each ten seconds; after more than twice that nobody is there. */
export const SILENCE_MS = 25_000;
/** The first pause before it is tried again, and the longest: each is twice the one before. */
export const FIRST_PAUSE_MS = 1_000;
export const LONGEST_PAUSE_MS = 8_000;

const REGISTRATION = '/user/topic/registration';
const AUTHORIZATION = '/user/topic/authorization';
/** Close codes of our own: on purpose, which cancels what is still open, and given up, which does not. */
const ON_PURPOSE = 1000;
const GIVEN_UP = 4000;
/** Codes after which nothing would be different the next time: a bad frame, a refusal, another socket in this place. */
const FINAL = new Set([1002, 1003, 1007, 1008, 1009, 1010, 4001]);
const PAGE_KEY = 'vestibule page';

/** An id of this page that a reload does not change: by it the server knows that the same page comes back. */
export function pageId() {
  const made = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0'));
  try {
    const id = sessionStorage.getItem(PAGE_KEY) ?? made.join('');
    sessionStorage.setItem(PAGE_KEY, id);
    return id;
  } catch {
    // Storage is blocked: a reload is another page then.
    return made.join('');
  }
}

/** Where the sockets of an accounts server are. @param {string} accounts its origin */
export const socketAddress = (accounts) => `${accounts.replace(/^http/, 'ws')}/websocket`;

/** @param {string} body @returns {Record<string, unknown>} */
function parsed(body) {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

/**
 * Waits until the operation has ended, whatever happens to the connection meanwhile.
 * @param {Operation} operation
 * @param {(state: State) => void} tell hears every state, the first one at once
 * @param {World} [world]
 */
export function waitFor({ accounts, waitSecret, webSocketId }, tell, world = {}) {
  const { page = pageId(), Socket = WebSocket, random = Math.random } = world;
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;
  let registered = false;
  /** What the server said before it closed. */
  let why = '';

  /** @param {() => void} act @param {number} ms */
  const after = (act, ms) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };

  /** Forgets the socket: nothing that it still says is heard. @param {number} code */
  const leave = (code) => {
    const left = socket;
    socket = null;
    clearTimeout(timer);
    left?.close(code);
  };

  /** @param {State} state one of the last */
  const finish = (state) => {
    leave(state.name === 'ended' ? ON_PURPOSE : GIVEN_UP);
    tell(state);
  };

  const lose = () => {
    leave(GIVEN_UP);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    failures += 1;
    // A server that comes back is not asked by everybody at the same moment.
    const retryMs = Math.round(pause * (0.75 + random() / 2));
    after(connect, retryMs);
    tell({ name: 'lost', retryMs });
  };

  /** @param {import('./stomp_frame.js').Frame} frame */
  const hear = ({ command, headers, body }) => {
    if (command === 'CONNECTED') {
      socket?.send(write('SUBSCRIBE', { id: 'registration', destination: REGISTRATION }));
      socket?.send(write('SUBSCRIBE', { id: 'authorization', destination: AUTHORIZATION }));
      const headers = { destination: '/app/registration', 'content-type': 'application/json' };
      socket?.send(write('SEND', headers, JSON.stringify({ webSocketId })));
    } else if (command === 'ERROR') {
      // What it means for the next time is said by the close code that follows.
      why = headers.message ?? '';
      registered = false;
      after(lose, PATIENCE_MS);
    } else if (command === 'MESSAGE') {
      const message = parsed(body);
      if (message.webSocketId !== webSocketId) return;
      if (headers.destination === AUTHORIZATION && typeof message.authResult === 'string') {
        finish({ name: 'ended', authResult: message.authResult });
      } else if (headers.destination === REGISTRATION && message.registrationSucceeded === true) {
        failures = 0;
        registered = true;
        tell({ name: 'waiting' });
      } else if (headers.destination === REGISTRATION) {
        finish({ name: 'refused', why: 'registration' });
      }
    }
  };

  function connect() {
    tell({ name: 'connecting' });
    /** @type {WebSocket} */
    let opened;
    try {
      opened = new Socket(socketAddress(accounts), ['v12.stomp']);
    } catch {
      lose();
      return;
    }
    socket = opened;
    registered = false;
    why = '';
    after(lose, PATIENCE_MS);
    opened.onopen = () => {
      // No heart-beats of our own: timers of a hidden page stand still. The server pings, and browsers answer.
      const { host } = new URL(accounts);
      opened.send(write('CONNECT', {
        'accept-version': '1.2', host, login: page, passcode: waitSecret, 'heart-beat': '0,10000',
      }));
    };
    opened.onmessage = ({ data }) => {
      if (socket !== opened) return;
      const frame = read(data);
      if (frame === undefined) finish({ name: 'refused', why: 'unreadable' });
      else if (frame !== null) hear(frame);
      if (registered && socket === opened) after(lose, SILENCE_MS);
    };
    opened.onclose = ({ code, reason }) => {
      if (socket !== opened) return;
      if (FINAL.has(code)) finish({ name: 'refused', why: why || reason || String(code) });
      else lose();
    };
  }

  connect();
  return {
    /** Ends it on purpose. While nobody has answered this takes the question back. */
    close: () => leave(ON_PURPOSE),
  };
}

/** @typedef {ReturnType<typeof waitFor>} Wait */
