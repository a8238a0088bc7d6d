// @ts-check
// The specification also shows what it was answered when it asked for itself, last.

import { follow } from './person.js';

const box = document.querySelector('[data-verdict-box]');
const verdict = document.querySelector('[data-verdict]');

await follow(undefined, (reason) => {
  if (!box || !verdict) return;
  verdict.textContent = reason;
  box.removeAttribute('hidden');
});
